/** [pure] From a series of results to healthy or not. */
import type { ProbeTiming } from "../model/workload.ts";

export type Verdict = "unknown" | "healthy" | "unhealthy";

export interface Tally {
  verdict: Verdict;
  /** Failures in a row. */
  failures: number;
  /** Successes in a row. */
  successes: number;
}

export const BEGIN: Tally = { verdict: "unknown", failures: 0, successes: 0 };

/**
 * `successThreshold` successes in a row are healthy, whatever was before. `retries` failures in a row are unhealthy;
 * those within the start period do not count until the first success, as with Docker's HEALTHCHECK.
 */
export function judge(before: Tally, result: { ok: boolean; sinceStartMs: number }, timing: ProbeTiming): Tally {
  if (result.ok) {
    const successes = before.successes + 1;
    return { verdict: successes >= timing.successThreshold ? "healthy" : before.verdict, failures: 0, successes };
  }
  if (before.verdict === "unknown" && before.successes === 0 && result.sinceStartMs < timing.startPeriodMs) {
    return before;
  }
  const failures = before.failures + 1;
  return { verdict: failures >= timing.retries ? "unhealthy" : before.verdict, failures, successes: 0 };
}

/** Until the first verdict an instance is looked at often: a tenth of a second, growing to the interval. */
const FIRST_MS = 100;

/** Delay before the next probe; `done` counts those that were made. */
export function nextProbeMs(tally: Tally, done: number, timing: ProbeTiming): number {
  if (tally.verdict !== "unknown") return timing.intervalMs;
  if (timing.startIntervalMs !== null) return timing.startIntervalMs;
  return Math.min(timing.intervalMs, FIRST_MS * 1.5 ** Math.min(done, 20));
}
