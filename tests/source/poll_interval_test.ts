import assert from "node:assert/strict";
import { Failure } from "../../src/failure.ts";
import { nextPollInterval } from "../../src/source/poll_interval.ts";

const MINUTE = 60_000;

function poll(intervalMs: number, failures = 0, failure: Partial<Failure> | null = null, jitter = 0.5): number {
  const made = failure === null
    ? null
    : new Failure("x", { kind: "transient", reason: "repo_unreachable", ...failure } as never);
  return nextPollInterval({ intervalMs, failures, failure: made, jitter });
}

Deno.test("the next look is an interval away, spread by ten percent in both directions", () => {
  assert.equal(poll(MINUTE), MINUTE);
  assert.equal(poll(MINUTE, 0, null, 0), 54_000);
  assert.equal(poll(MINUTE, 0, null, 1), 66_000);
});

Deno.test("failures in a row double the wait up to fifteen minutes or ten intervals", () => {
  const waits = (intervalMs: number) => [1, 2, 3, 4, 5, 6, 60, 2000].map((failures) => poll(intervalMs, failures, {}));
  assert.deepEqual(waits(MINUTE).map((ms) => ms / MINUTE), [1, 2, 4, 8, 10, 10, 10, 10]);
  assert.deepEqual(waits(3 * MINUTE).map((ms) => ms / MINUTE), [3, 6, 12, 15, 15, 15, 15, 15]);
  assert.deepEqual(waits(60 * MINUTE).map((ms) => ms / MINUTE), [60, 60, 60, 60, 60, 60, 60, 60]);
  assert.deepEqual(waits(1000).slice(0, 5), [1000, 2000, 4000, 8000, 10_000]);
});

Deno.test("refused credentials are tried slowly, however many times they were", () => {
  assert.equal(poll(MINUTE, 1, { kind: "refused" }), 5 * MINUTE);
  assert.equal(poll(MINUTE, 99, { kind: "refused" }), 5 * MINUTE);
  assert.equal(poll(10 * MINUTE, 1, { kind: "refused" }), 10 * MINUTE);
});

Deno.test("what waits for somebody is looked at again after an interval", () => {
  assert.equal(poll(MINUTE, 7, { kind: "waiting" }), MINUTE);
});

Deno.test("a mistake is looked at again after an interval: a push may have mended it", () => {
  assert.equal(poll(MINUTE, 7, { kind: "mistake" }), MINUTE);
});

Deno.test("a server that names a time is never asked earlier, and silences nobody for more than a day", () => {
  assert.equal(poll(MINUTE, 1, { retryAfterMs: 3 * MINUTE }, 0), 3 * MINUTE);
  assert.ok(poll(MINUTE, 1, { retryAfterMs: 3 * MINUTE }, 1) >= 3 * MINUTE);
  assert.equal(poll(MINUTE, 1, { retryAfterMs: 1000 }), MINUTE);
  assert.equal(poll(MINUTE, 1, { retryAfterMs: 1e12 }, 0), 24 * 60 * MINUTE);
});
