import assert from "node:assert/strict";
import fc from "fast-check";
import { backoff, spread } from "../../../../src/reconciler/pipeline/restart/backoff.ts";

/** As a manifest that says nothing of delays has it. */
const CURVE = { firstMs: 1000, factor: 2, maxMs: 300_000, jitter: 0.1 };

Deno.test("backoff lets the first start follow at once, then doubles from one second to five minutes", () => {
  const delays = [0, 1, 2, 3, 4, 9, 10, 1000].map((streak) => backoff(CURVE, streak, 0));
  assert.deepEqual(delays, [0, 1000, 2000, 4000, 8000, 256_000, 300_000, 300_000]);
});

Deno.test("backoff takes off at most its jitter, and never adds", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 100 }), fc.double({ min: 0, max: 1, noNaN: true }), (streak, random) => {
      const whole = backoff(CURVE, streak, 0);
      const delay = backoff(CURVE, streak, random);
      assert.ok(delay <= whole && delay >= Math.floor(whole * 0.9), `${delay} of ${whole}`);
    }),
  );
});

Deno.test("spread gives neighbouring names numbers that are far apart, and the same ones again", () => {
  const seen = Array.from({ length: 1000 }, (_, index) => spread("web", index));
  const quarters = [0, 0, 0, 0];
  for (const one of seen) quarters[Math.floor(one * 4)]!++;
  for (const count of quarters) assert.ok(count > 200, `quarters of 1000: ${quarters}`);
  assert.equal(spread("web", 7), seen[7]);
});
