import assert from "node:assert/strict";
import type { ProbeTiming } from "../../src/model/workload.ts";
import { TIMING } from "../support/workload.ts";
import { BEGIN, judge, nextProbeMs, type Tally } from "../../src/probe/verdict.ts";

/** "+" is a success, "-" a failure; the verdicts after each, by their first letter: h, u(nhealthy), ? */
function verdicts(results: string, timing: Partial<ProbeTiming> = {}): string {
  let tally: Tally = BEGIN;
  return [...results].map((result, index) => {
    tally = judge(tally, { ok: result === "+", sinceStartMs: index * 1000 }, { ...TIMING, ...timing });
    return { healthy: "h", unhealthy: "u", unknown: "?" }[tally.verdict];
  }).join("");
}

Deno.test("one success is healthy, three failures in a row are not", () => {
  assert.equal(verdicts("+"), "h");
  assert.equal(verdicts("---"), "??u");
  assert.equal(verdicts("+--+---"), "hhhhhhu");
  assert.equal(verdicts("---+"), "??uh");
});

Deno.test("failures within the start period do not count, unless a success came before", () => {
  assert.equal(verdicts("------", { startPeriodMs: 3000 }), "?????u");
  assert.equal(verdicts("+---", { startPeriodMs: 60_000 }), "hhhu");
});

Deno.test("probes come fast until the first verdict, then at their interval", () => {
  const first = [0, 1, 5, 50].map((done) => Math.round(nextProbeMs(BEGIN, done, TIMING)));
  assert.deepEqual(first, [100, 150, 759, 10_000]);
  assert.equal(nextProbeMs({ verdict: "healthy", failures: 0, successes: 1 }, 0, TIMING), 10_000);
});

Deno.test("success_threshold asks for so many successes in a row", () => {
  assert.equal(verdicts("++", { successThreshold: 2 }), "?h");
  assert.equal(verdicts("+-++", { successThreshold: 2 }), "???h");
  assert.equal(verdicts("++---++", { successThreshold: 2 }), "?hhhuuh");
});

Deno.test("start_interval is the time between probes until the first verdict", () => {
  const timing = { ...TIMING, startIntervalMs: 700 };
  assert.deepEqual([0, 9].map((done) => nextProbeMs(BEGIN, done, timing)), [700, 700]);
});
