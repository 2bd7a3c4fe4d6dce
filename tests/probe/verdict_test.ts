import assert from "node:assert/strict";
import { BEGIN, judge, nextProbeMs, type Tally } from "../../src/probe/verdict.ts";

const TIMING = { intervalMs: 10_000, timeoutMs: 5000, retries: 3, startPeriodMs: 0 };

/** "+" is a success, "-" a failure; the verdicts after each, by their first letter: h, u(nhealthy), ? */
function verdicts(results: string, startPeriodMs = 0): string {
  let tally: Tally = BEGIN;
  return [...results].map((result, index) => {
    tally = judge(tally, { ok: result === "+", sinceStartMs: index * 1000 }, { ...TIMING, startPeriodMs });
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
  assert.equal(verdicts("------", 3000), "?????u");
  assert.equal(verdicts("+---", 60_000), "hhhu");
});

Deno.test("probes come fast until the first verdict, then at their interval", () => {
  const first = [0, 1, 5, 50].map((done) => Math.round(nextProbeMs(BEGIN, done, TIMING)));
  assert.deepEqual(first, [250, 375, 1898, 10_000]);
  assert.equal(nextProbeMs({ verdict: "healthy", failures: 0 }, 0, TIMING), 10_000);
});
