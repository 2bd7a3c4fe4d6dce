/**
 * Returns the earliest of some times; null when all are null. Each stage of a plan returns the time when its result may
 * change without a new observation, and the plan wakes up at the earliest of them.
 */
export function earliest(...times: readonly (number | null)[]): number | null {
  const known = times.filter((time) => time !== null);
  return known.length === 0 ? null : Math.min(...known);
}
