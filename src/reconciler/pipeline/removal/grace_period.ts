/** How long a workload stays that git has removed, in case the next push brings it back. */
import type { WorkloadState } from "../../../model/workload_state.ts";
import { minuteText } from "../../../model/iso_timestamp.ts";
import { monotonicStart } from "../elapsed.ts";

export interface GracePeriodInput {
  /** Workloads that git no longer holds. */
  gone: readonly string[];
  states: ReadonlyMap<string, WorkloadState>;
  /** 0 for none. */
  graceMs: number;
  /** Why `now` is not believed; null or absent when it is. */
  clockDoubt?: string | null;
  now: number;
  /** As in `ClockReading`. */
  clockSetAt?: number;
}

export interface GracePeriods {
  /** Until when each of these stays, in ms since 1970. */
  until: Map<string, number>;
  /** To be remembered: since when each has been gone; null for one that is back. */
  goneSince: Map<string, number | null>;
}

/** It counts from the first plan that misses it, over restarts of the daemon. */
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
    const known = states.get(name)?.goneSince ?? null;
    // By a clock that is wrong no grace ends, and none begins.
    if (clockDoubt !== null) {
      until.set(name, now + graceMs);
      continue;
    }
    // One that began in the future was remembered by a clock that was ahead.
    const since = known === null || known > now ? now : known;
    if (since !== known) goneSince.set(name, since);
    const end = monotonicStart(since, { now, clockSetAt }) + graceMs;
    if (end > now) until.set(name, end);
  }
  return { until, goneSince };
}

/** "stays until 2026-11-21 16:30 UTC, in case a push brings it back (prune_grace)" */
export function graceText(until: ReadonlyMap<string, number>): string {
  const last = minuteText(Math.max(...until.values()));
  return `it stays until ${last}, in case a push brings it back (prune_grace)`;
}
