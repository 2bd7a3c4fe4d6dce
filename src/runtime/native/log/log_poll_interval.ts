/** [pure] How soon a log file is to be looked at again. */

/**
 * A look is one stat(2) of 3 us: with two hundred services, 0.6 ms of each second. Twice as often would be as good for
 * nobody; half as often would let a program write a second gigabyte unseen.
 */
const CALM_MS = 1000;
/** The shortest time between two looks: what is cut off takes about as long to compress. */
const FLOOD_MS = 20;

export interface Growth {
  bytes: number;
  /** In which they were written. */
  ms: number;
  maxBytes: number;
}

/** Milliseconds until, at this pace, a quarter of the bound is written, which is what one cut takes away. */
export function nextPoll({ bytes, ms, maxBytes }: Growth): number {
  if (bytes <= 0) return CALM_MS;
  return Math.min(CALM_MS, Math.max(FLOOD_MS, maxBytes / 4 / bytes * ms));
}
