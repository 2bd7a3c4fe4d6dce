/** Rest between two reconciles. */

const COOLDOWN_FACTOR = 9;
const MAX_COOLDOWN_MS = 50;

/**
 * Returns how long to rest after a reconcile that took `tookMs`. A reconcile looks at everything, so a storm of changes
 * (200 starts that end one by one) must not cause one for each: reconciles get at most a tenth of the time. The first
 * change after a rest never waits; changes during a rest wait for a few milliseconds, together.
 */
export function cooldownAfter(tookMs: number): number {
  return Math.min(tookMs * COOLDOWN_FACTOR, MAX_COOLDOWN_MS);
}
