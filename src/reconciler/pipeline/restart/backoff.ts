/** The curve of delays between starts of something that keeps ending. */

export interface BackoffCurve {
  /** Of the second start in a row; the first follows at once. */
  firstMs: number;
  factor: number;
  maxMs: number;
  /** Part of a delay that is taken off at random, 0-1, so that devices do not move in step. */
  jitter: number;
}

/** Failed attempts to carry out an action: an image that cannot be pulled, a port that is taken. */
export const RETRY_CURVE: BackoffCurve = { firstMs: 1000, factor: 2, maxMs: 60_000, jitter: 0.1 };

/**
 * Delay before the start that follows `streak` quick failures in a row; 0 for none. `random` is 0-1.
 * Grows with the streak up to `maxMs`, and is never above it.
 */
export function backoff(curve: BackoffCurve, streak: number, random: number): number {
  if (streak <= 0) return 0;
  const whole = Math.min(curve.maxMs, curve.firstMs * curve.factor ** Math.min(streak - 1, 60));
  return Math.round(whole * (1 - curve.jitter * random));
}

/** A number in 0-1 that depends on the words alone: jitter that a pure planner can use, and a test can repeat. */
export function spread(...words: (string | number)[]): number {
  let hash = 2166136261;
  for (const char of words.join("\0")) hash = Math.imul(hash ^ char.charCodeAt(0), 16777619);
  // The last round of the FNV-1a hash leaves neighbouring words close together; this mixes its high bits down.
  hash = Math.imul(hash ^ (hash >>> 15), 2246822507);
  return ((hash ^ (hash >>> 13)) >>> 0) / 2 ** 32;
}
