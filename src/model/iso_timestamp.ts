/** Points in time, in milliseconds since 1970, and how they are written. */

/** Time before which no HarborNode was built: a clock with an earlier time was never set. */
export const EARLIEST_MS = Date.UTC(2026, 0);

/** Clocks are set back by an hour or a time zone, and nothing is made of it; by more than this, the clock was wrong. */
export const FAR_BACK_MS = 24 * 60 * 60_000;

/** Formats a time for people: "2026-11-21 16:30 UTC". */
export function minuteText(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 16).replace("T", " ")} UTC`;
}

/** Formats a time as ISO 8601 in UTC, as the API shows it. */
export function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}
