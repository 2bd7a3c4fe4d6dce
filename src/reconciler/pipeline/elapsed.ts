/**
 * Durations by a clock that may be set. A board without a battery starts in 1970, or when it was last switched off, and
 * its clock jumps to the present once a time server answers; a clock that was ahead jumps back.
 */
export interface ClockReading {
  now: number;
  /** Since when the clock has run without being set, as far as this daemon has seen; absent: always. */
  clockSetAt?: number;
}

/**
 * From when a duration that began at `at` counts: never in the future, and never across a jump of the clock. So a jump
 * ahead ends nothing early, and a jump back makes nothing last for years: the duration begins anew at the jump.
 */
export function monotonicStart(at: number, { now, clockSetAt = 0 }: ClockReading): number {
  return at > now ? clockSetAt : Math.max(at, clockSetAt);
}

/** Until when to wait for `until`, a delay that began at `from`; null: it is over, or the clock was set back since. */
export function delayUntil(until: number, { from, now }: { from: number; now: number }): number | null {
  return until > now && from <= now ? until : null;
}
