/** Durations as manifests write them. */

const UNITS: [unit: string, ms: number][] = [["d", 86_400_000], ["h", 3_600_000], ["m", 60_000], ["s", 1000], [
  "ms",
  1,
]];

/**
 * The shortest text that a manifest reads as `ms`, a whole number of milliseconds of at least 0.
 *
 * @example
 * ```ts
 * import { durationText } from "./duration.ts";
 * durationText(90_000); // "1m30s"
 * ```
 */
export function durationText(ms: number): string {
  let rest = ms;
  const parts = UNITS.map(([unit, size]) => {
    const count = Math.floor(rest / size);
    rest -= count * size;
    return count === 0 ? "" : `${count}${unit}`;
  });
  return parts.join("") || "0s";
}
