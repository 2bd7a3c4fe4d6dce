/** Grace period: how long a workload stays after git deleted it, in case the next push restores it. */
import type { WorkloadState } from "../../../model/workload_state.ts";
import { minuteText } from "../../../model/iso_timestamp.ts";
import { type ClockReading, monotonicStart } from "../elapsed.ts";

export interface GracePeriodInput extends ClockReading {
  /** Workloads that git deleted and that still have instances. */
  gone: readonly string[];
  states: ReadonlyMap<string, WorkloadState>;
  /** 0 for none. */
  graceMs: number;
  /** Reason to doubt the device's clock; null or absent when `now` is plausible. */
  clockDoubt?: string | null;
}

export interface GracePeriods {
  /** End of the grace period by workload name, in ms since 1970. */
  until: Map<string, number>;
  /** Changes of `goneSince` to persist, by workload name; null for a workload that is back. */
  goneSince: Map<string, number | null>;
}

/** Computes the grace periods. Each begins with the first plan that misses the workload, and survives restarts. */
export function gracePeriods(
  { gone, states, graceMs, now, clockDoubt = null, clockSetAt = 0 }: GracePeriodInput,
): GracePeriods {
  const until = new Map<string, number>();
  const goneSince = new Map<string, number | null>();
  for (const [name, known] of states) {
    if (typeof known.goneSince === "number" && (graceMs === 0 || !gone.includes(name))) goneSince.set(name, null);
  }
  if (graceMs === 0) return { until, goneSince };
  for (const name of gone) {
    // While the clock is wrong, no grace period ends and none begins.
    if (clockDoubt !== null) {
      until.set(name, now + graceMs);
      continue;
    }
    const known = states.get(name)?.goneSince ?? null;
    // A time in the future was recorded by a clock that was ahead.
    const since = known === null || known > now ? now : known;
    if (since !== known) goneSince.set(name, since);
    const end = monotonicStart(since, { now, clockSetAt }) + graceMs;
    if (end > now) until.set(name, end);
  }
  return { until, goneSince };
}

/** Formats the last end: "it stays until 2026-11-21 16:30 UTC, in case a push brings it back (prune_grace)". */
export function graceText(until: ReadonlyMap<string, number>): string {
  const last = minuteText(Math.max(...until.values()));
  return `it stays until ${last}, in case a push brings it back (prune_grace)`;
}
