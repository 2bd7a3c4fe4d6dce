/** [pure] Times in the past, as a person writes them. */
import { parseDuration } from "./quantity.ts";

const DATE_TIME = /^\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?([Zz]|[+-]\d{2}:\d{2})?$/;

/**
 * Parses "2026-11-21T07:00:00Z" (RFC 3339; without an offset in the time zone of this machine), or a duration before
 * `now` like "10m", to milliseconds since 1970. Returns null when the text is neither.
 *
 * @example
 * ```ts
 * import { parseTimestamp } from "./timestamp.ts";
 * parseTimestamp("10m", 1_000_000); // 400_000
 * ```
 */
export function parseTimestamp(text: string, now: number): number | null {
  const ago = parseDuration(text);
  if (ago !== null) return now - ago;
  const time = DATE_TIME.test(text) ? Date.parse(text.toUpperCase().replace(" ", "T")) : NaN;
  return Number.isNaN(time) ? null : time;
}
