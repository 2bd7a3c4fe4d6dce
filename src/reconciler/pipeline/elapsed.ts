/**
 * Durations by a clock that may be set. A board without a battery-backed clock boots in 1970, or at the time of its last
 * shutdown, and its clock jumps to the present once a time server answers; a clock that was ahead jumps back.
 */
export interface ClockReading {
  now: number;
  /** Time of the last jump of the clock that this daemon has seen, in ms since 1970; absent for none. */
  clockSetAt?: number | undefined;
}

/**
 * Returns the start from which a duration that began at `at` counts: never in the future, and never before a jump of the
 * clock. A duration thus begins anew at a jump: a jump ahead ends nothing early, and a jump back makes nothing last for
 * years.
 */
export function monotonicStart(at: number, { now, clockSetAt = 0 }: ClockReading): number {
  return at > now ? clockSetAt : Math.max(at, clockSetAt);
}

/** Returns the end of a delay that began at `from`; null when it is over, or when the clock was set back since `from`. */
export function delayUntil(until: number, { from, now }: { from: number; now: number }): number | null {
  return until > now && from <= now ? until : null;
}
