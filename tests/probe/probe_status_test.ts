/** Timing of health: how long a start may take, and what counts as a failure after it. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { rolloutDeadlineMs, startGraceMs } from "../../src/model/start_grace.ts";
import type { ProbeTiming } from "../../src/model/workload.ts";
import { addResult, INITIAL_TALLY, judgeImage, nextProbeMs, type ProbeTally } from "../../src/probe/probe_status.ts";
import { native, TIMING } from "../support/workload.ts";

/** Pure suites run without permissions: SLOW is looked at only where it may be. */
const isSlow = Deno.permissions.querySync({ name: "env", variable: "SLOW" }).state === "granted" &&
  Deno.env.get("SLOW") === "1";
const RUNS = { numRuns: isSlow ? 20_000 : 500 };

/** The shortest time between two probes of a start, in ms. */
const SHORTEST_MS = 100;

const timings: fc.Arbitrary<ProbeTiming> = fc.record({
  intervalMs: fc.integer({ min: 100, max: 60_000 }),
  timeoutMs: fc.integer({ min: 1, max: 30_000 }),
  retries: fc.integer({ min: 1, max: 20 }),
  startPeriodMs: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 600_000 })),
  startIntervalMs: fc.oneof(fc.constant(null), fc.integer({ min: 10, max: 120_000 })),
  successThreshold: fc.integer({ min: 1, max: 3 }),
  onFailure: fc.constant("restart" as const),
});

interface Start {
  timing: ProbeTiming;
  /** Age from which the program answers. */
  readyAt: number;
  /** Ages at which a daemon begins to look; the first of them is the one that started the instance. */
  daemons: number[];
  /** Share of the timeout that each failing probe takes, in turn. */
  slowness: number[];
}

/** Every verdict until the first that is not "unknown", with the age at which its probe was sent. */
function follow({ timing, readyAt, daemons, slowness }: Start): { verdict: ProbeTally["status"]; sentAt: number } {
  let tally = INITIAL_TALLY;
  let ageMs = daemons[0]!;
  let next = 1;
  for (let count = 0, done = 0; count < 1_000_000; count++) {
    const sentAt = ageMs;
    const ok = sentAt >= readyAt;
    tally = addResult(tally, { ok, ageMs: sentAt }, timing);
    if (tally.status !== "unknown") return { verdict: tally.status, sentAt };
    if (!ok) ageMs += timing.timeoutMs * slowness[count % slowness.length]!;
    ageMs += nextProbeMs(tally, { done: done++, ageMs }, timing);
    const restartedAt = daemons[next];
    if (restartedAt === undefined || ageMs < restartedAt) continue;
    // Another daemon knows nothing of the probes before it.
    next++;
    done = 0;
    tally = INITIAL_TALLY;
    ageMs = Math.max(restartedAt, sentAt);
  }
  throw new Error("no verdict after a million probes");
}

const slownesses = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 5 });
const restarts = fc.array(fc.integer({ min: 0, max: 1_500_000 }), { maxLength: 3 }).map((ages) =>
  ages.toSorted((a, b) => a - b)
);

Deno.test("an instance that becomes ready within its start grace is never unhealthy, whenever daemons are restarted", () => {
  const starts = fc.record({ timing: timings, part: fc.double({ min: 0, max: 1, noNaN: true }), slownesses, restarts });
  fc.assert(
    fc.property(starts, ({ timing, part, slownesses: slowness, restarts: later }) => {
      // The last probe of the grace is sent when it is over; of two that are needed, the first.
      const readyAt = Math.floor(startGraceMs(timing) * part);
      const { verdict } = follow({ timing, readyAt, daemons: [0, ...later], slowness });
      assert.equal(verdict, "healthy");
    }),
    RUNS,
  );
});

Deno.test("an instance that never becomes ready is unhealthy when its start grace is over, at most one probe later", () => {
  fc.assert(
    fc.property(timings, slownesses, (timing, slowness) => {
      const { verdict, sentAt } = follow({ timing, readyAt: Infinity, daemons: [0], slowness });
      const grace = startGraceMs(timing);
      assert.equal(verdict, "unhealthy");
      assert.ok(sentAt >= grace, `${sentAt} is before ${grace}`);
      assert.ok(sentAt <= grace + timing.timeoutMs + SHORTEST_MS, `${sentAt} is long after ${grace}`);
      const quick = follow({ timing, readyAt: Infinity, daemons: [0], slowness: [0] });
      assert.ok(quick.sentAt <= grace + timing.intervalMs, `${quick.sentAt} is more than one interval after ${grace}`);
    }),
    RUNS,
  );
});

Deno.test("a daemon that is restarted neither begins the start grace anew nor judges by less than the retries", () => {
  fc.assert(
    fc.property(timings, fc.integer({ min: 0, max: 1_500_000 }), (timing, adoptedAt) => {
      const { sentAt } = follow({ timing, readyAt: Infinity, daemons: [adoptedAt], slowness: [0] });
      const due = Math.max(startGraceMs(timing), adoptedAt + (timing.retries - 1) * timing.intervalMs);
      assert.ok(sentAt >= due && sentAt <= due + timing.intervalMs, `${sentAt}, and due is ${due}`);
    }),
    RUNS,
  );
});

Deno.test("after the first success exactly retries failures in a row are unhealthy, at any age", () => {
  const results = fc.array(fc.boolean(), { maxLength: 60 });
  fc.assert(
    fc.property(timings, results, fc.integer({ min: 0, max: 1e7 }), (timing, after, ageMs) => {
      const once = { ...timing, successThreshold: 1 };
      let tally = addResult(INITIAL_TALLY, { ok: true, ageMs }, once);
      let failures = 0;
      for (const [index, ok] of after.entries()) {
        tally = addResult(tally, { ok, ageMs: ageMs + index }, once);
        failures = ok ? 0 : failures + 1;
        assert.equal(tally.status, failures >= timing.retries ? "unhealthy" : "healthy");
        assert.equal(nextProbeMs(tally, { done: index, ageMs }, once), timing.intervalMs);
      }
    }),
    RUNS,
  );
});

/** "+" is a success, "-" a failure, one each second; the verdicts after each: h, u(nhealthy), ? */
function verdicts(results: string, timing: Partial<ProbeTiming> = {}): string {
  let tally: ProbeTally = INITIAL_TALLY;
  return [...results].map((result, index) => {
    tally = addResult(tally, { ok: result === "+", ageMs: index * 1000 }, { ...TIMING, intervalMs: 1000, ...timing });
    return { healthy: "h", unhealthy: "u", unknown: "?" }[tally.status];
  }).join("");
}

Deno.test("a start has start_period and retries intervals; the first success ends it", () => {
  assert.equal(verdicts("+"), "h");
  assert.equal(verdicts("-----"), "???uu");
  assert.equal(verdicts("---+"), "???h");
  assert.equal(verdicts("--------", { startPeriodMs: 3000 }), "??????uu");
  assert.equal(verdicts("+---", { startPeriodMs: 60_000 }), "hhhu");
  assert.equal(verdicts("+--+---"), "hhhhhhu");
  assert.equal(verdicts("----+"), "???uh");
});

Deno.test("a program that listens after 25 s is healthy with the defaults, and found soon", () => {
  const { verdict, sentAt } = follow({ timing: TIMING, readyAt: 25_000, daemons: [0], slowness: [0] });
  assert.equal(verdict, "healthy");
  assert.ok(sentAt <= 27_500, `${sentAt}`);
});

Deno.test("success_threshold asks for so many successes in a row, and the start lasts until then", () => {
  assert.equal(verdicts("++", { successThreshold: 2 }), "?h");
  assert.equal(verdicts("+-++", { successThreshold: 2 }), "???h");
  assert.equal(verdicts("++---++", { successThreshold: 2 }), "?hhhuuh");
});

Deno.test("probes of a start come fast, then slower, and the last when the grace is over; then at their interval", () => {
  const first = [0, 1, 5, 50].map((done) => Math.round(nextProbeMs(INITIAL_TALLY, { done, ageMs: 0 }, TIMING)));
  assert.deepEqual(first, [100, 150, 759, 2500]);
  const failing: ProbeTally = { ...INITIAL_TALLY, failures: 1, failingSinceMs: 0 };
  assert.equal(nextProbeMs(failing, { done: 50, ageMs: 29_000 }, TIMING), 1000);
  const healthy: ProbeTally = { ...INITIAL_TALLY, status: "healthy", hasBeenHealthy: true };
  assert.equal(nextProbeMs(healthy, { done: 0, ageMs: 0 }, TIMING), 10_000);
  assert.equal(nextProbeMs({ ...failing, status: "unhealthy" }, { done: 0, ageMs: 0 }, TIMING), 10_000);
});

Deno.test("start_interval is the time between probes of a start", () => {
  const timing = { ...TIMING, startIntervalMs: 700 };
  assert.deepEqual([0, 9].map((done) => nextProbeMs(INITIAL_TALLY, { done, ageMs: 0 }, timing)), [700, 700]);
});

Deno.test("what Docker says of an image's check counts, but for unhealthy within the start grace of a new instance", () => {
  const after = (...said: [health: "starting" | "healthy" | "unhealthy" | null, ageMs: number][]) =>
    said.reduce((tally, [health, ageMs]) => judgeImage(tally, { health, ageMs }, TIMING), INITIAL_TALLY).status;
  assert.equal(after(["starting", 0]), "unknown");
  assert.equal(after(["unhealthy", 3000]), "unknown");
  assert.equal(after(["unhealthy", 29_999]), "unknown");
  assert.equal(after(["unhealthy", 30_000]), "unhealthy");
  assert.equal(after(["unhealthy", 3000], ["healthy", 5000]), "healthy");
  assert.equal(after(["healthy", 3000], ["unhealthy", 5000]), "unhealthy");
  assert.equal(after([null, 0]), "healthy");
});

Deno.test("a start_period lengthens the deadline of a rollout that would end before it", () => {
  const port = { type: "fixed" as const, port: 1 };
  const deadline = (startPeriodMs: number) =>
    rolloutDeadlineMs(native({ health: { ...TIMING, type: "tcp", port, startPeriodMs } }));
  assert.deepEqual([0, 60_000, 600_000].map(deadline), [300_000, 300_000, 630_000]);
  assert.equal(rolloutDeadlineMs(native({})), 300_000);
});
