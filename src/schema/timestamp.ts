/** [pure] A time in the past, as a person writes it. */
import { parseDuration } from "./quantity.ts";

const DATE_TIME = /^\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?([Zz]|[+-]\d{2}:\d{2})?$/;

/**
 * Milliseconds since 1970 of "2026-11-21T07:00:00Z" (RFC 3339; without an offset in the time zone of this machine), or
 * of a duration before `now`, like "10m". Null when it is neither.
 *
 * @example
 * ```ts
 * import { parseMoment } from "./timestamp.ts";
 * parseMoment("10m", 1_000_000); // 400_000
 * ```
 */
export function parseTimestamp(text: string, now: number): number | null {
  const ago = parseDuration(text);
  if (ago !== null) return now - ago;
  const time = DATE_TIME.test(text) ? Date.parse(text.toUpperCase().replace(" ", "T")) : NaN;
  return Number.isNaN(time) ? null : time;
}
