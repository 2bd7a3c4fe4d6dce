/** How long a start may take. */
import type { ProbeTiming, Workload } from "./workload.ts";

/** Time from its start that an instance has to become healthy for the first time. */
export function startGraceMs({ startPeriodMs, retries, intervalMs }: ProbeTiming): number {
  return startPeriodMs + retries * intervalMs;
}

/** Time that a rollout has: `deadline`, and never less than the manifest allows a start with `start_period`. */
export function rolloutDeadlineMs({ health, rollout }: Workload): number {
  const start = health === null || health.startPeriodMs === 0 ? 0 : startGraceMs(health);
  return Math.max(rollout.deadlineMs, start);
}
