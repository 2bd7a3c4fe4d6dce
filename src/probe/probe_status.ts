/**
 * [pure] Probe results to a verdict: healthy or not. Times are ages of the instance in ms, measured from its own start.
 *
 * Two phases, as Kubernetes separates its startup and liveness probes. Until an instance has been healthy once, failures
 * are expected and the only question is how long the start takes: it has `start_period` and the time of `retries`
 * intervals, which is when Docker's HEALTHCHECK (start period, then `retries` failures at `interval`) and a startup probe
 * (failureThreshold x periodSeconds) give up as well. From then on `retries` failures in a row are unhealthy.
 */
import type { Instance } from "../model/instance.ts";
import { startGraceMs } from "../model/start_grace.ts";
import type { ProbeTiming } from "../model/workload.ts";

export type ProbeStatus = "unknown" | "healthy" | "unhealthy";

export interface ProbeTally {
  status: ProbeStatus;
  /** Set by the first healthy verdict, and never taken back: the start is over. */
  hasBeenHealthy: boolean;
  /** Failures in a row. */
  failures: number;
  /** Successes in a row. */
  successes: number;
  /** Age at the first of the failures in a row; null while there is none. */
  failingSinceMs: number | null;
}

export const INITIAL_TALLY: ProbeTally = {
  status: "unknown",
  hasBeenHealthy: false,
  failures: 0,
  successes: 0,
  failingSinceMs: null,
};

/** One probe of an instance that was `ageMs` old when the probe was sent. */
export interface Attempted {
  ok: boolean;
  ageMs: number;
}

/**
 * Adds one probe. `successThreshold` successes in a row are healthy, whatever was before. Before the first healthy
 * verdict a failure is unhealthy only when it was sent after the start grace, so that an instance which becomes ready
 * within it is never unhealthy. After that verdict `retries` failures in a row are unhealthy.
 */
export function addResult(before: ProbeTally, { ok, ageMs }: Attempted, timing: ProbeTiming): ProbeTally {
  if (ok) {
    const successes = before.successes + 1;
    const verdict = successes >= timing.successThreshold ? "healthy" : before.status;
    const hasBeenHealthy = before.hasBeenHealthy || verdict === "healthy";
    return { status: verdict, hasBeenHealthy, failures: 0, successes, failingSinceMs: null };
  }
  const failures = before.failures + 1;
  const failingSinceMs = before.failingSinceMs ?? ageMs;
  const isUnhealthy = before.hasBeenHealthy
    ? failures >= timing.retries
    : ageMs >= startJudgedAtMs(failingSinceMs, timing);
  const verdict = isUnhealthy ? "unhealthy" : before.status;
  return { ...before, status: verdict, failures, successes: 0, failingSinceMs };
}

/**
 * Age from which a failure ends the start. An instance that was first probed late, since the daemon was restarted, may
 * have been healthy for days: it has the time in which `retries` probes at `interval` would fail.
 */
function startJudgedAtMs(failingSinceMs: number, timing: ProbeTiming): number {
  return Math.max(startGraceMs(timing), failingSinceMs + (timing.retries - 1) * timing.intervalMs);
}

/**
 * The verdict on an instance that Docker checks itself, from what Docker says now. An image's own start period and
 * retries may be far too short for a slow device, so its "unhealthy" counts within the start grace only for an instance
 * that was healthy before. Null: the image has no check.
 */
export function judgeImage(
  before: ProbeTally,
  { health, ageMs }: { health: Instance["runtimeHealth"]; ageMs: number },
  timing: ProbeTiming,
): ProbeTally {
  if (health === "healthy" || health === null) return { ...before, status: "healthy", hasBeenHealthy: true };
  if (health === "starting") return { ...before, status: "unknown" };
  const isUnhealthy = before.hasBeenHealthy || ageMs >= startGraceMs(timing);
  return { ...before, status: isUnhealthy ? "unhealthy" : before.status };
}

/** Delay before the second probe of a start. */
const FIRST_MS = 100;
/** Part of the interval that the delays of a start grow to: a start that is over is seen soon. */
const MOST_OF_INTERVAL = 1 / 4;

/**
 * Delay before the next probe, `done` probes after the first, of an instance that is `ageMs` old now. Until the first
 * verdict probes come often: after a tenth of a second, and growing; the last of them when the start grace is over.
 */
export function nextProbeMs(
  tally: ProbeTally,
  { done, ageMs }: { done: number; ageMs: number },
  timing: ProbeTiming,
): number {
  const { intervalMs, startIntervalMs } = timing;
  if (tally.status !== "unknown") return intervalMs;
  const max = Math.min(intervalMs, Math.max(FIRST_MS, intervalMs * MOST_OF_INTERVAL));
  const usual = startIntervalMs ?? Math.min(max, FIRST_MS * 1.5 ** Math.min(done, 20));
  const left = startJudgedAtMs(tally.failingSinceMs ?? ageMs, timing) - ageMs;
  return Math.min(usual, Math.max(left, FIRST_MS));
}
