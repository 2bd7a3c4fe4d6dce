/** Moments in time, in milliseconds since 1970. */

/** No HarborNode was built before: a clock that says less was never set. */
export const EARLIEST_MS = Date.UTC(2026, 0);

/** Clocks are set back by an hour or a time zone, and nothing is made of it; by more than this, the clock was wrong. */
export const FAR_BACK_MS = 24 * 60 * 60_000;

/** "2026-11-21 16:30 UTC" */
export function minuteText(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 16).replace("T", " ")} UTC`;
}
