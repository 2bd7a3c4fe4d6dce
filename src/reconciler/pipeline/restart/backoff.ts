/** Exponential backoff of restarts and retries. */

export interface BackoffCurve {
  /** Delay of the second restart in a row; the first one is immediate. */
  firstMs: number;
  factor: number;
  maxMs: number;
  /** Share of a delay that is subtracted at random, 0-1, so that devices do not retry in step. */
  jitter: number;
}

/** Backoff of failed operations: an image that cannot be pulled, a port that is in use. */
export const RETRY_CURVE: BackoffCurve = { firstMs: 1000, factor: 2, maxMs: 60_000, jitter: 0.1 };

/**
 * Returns the delay in ms before the start that follows `streak` quick failures in a row; 0 for a streak of 0. `random` is
 * 0-1. The delay grows with the streak and never exceeds `maxMs`.
 */
export function backoff(curve: BackoffCurve, streak: number, random: number): number {
  if (streak <= 0) return 0;
  const whole = Math.min(curve.maxMs, curve.firstMs * curve.factor ** Math.min(streak - 1, 60));
  return Math.round(whole * (1 - curve.jitter * random));
}

/** Returns a number in 0-1 that depends only on the words: deterministic jitter for a pure planner. */
export function spread(...words: (string | number)[]): number {
  let hash = 2166136261;
  for (const char of words.join("\0")) hash = Math.imul(hash ^ char.charCodeAt(0), 16777619);
  // FNV-1a alone gives similar words similar values: this mixes its high bits down.
  hash = Math.imul(hash ^ (hash >>> 15), 2246822507);
  return ((hash ^ (hash >>> 13)) >>> 0) / 2 ** 32;
}
