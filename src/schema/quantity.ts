/** [pure] Durations and sizes: numbers that need a unit. */
import type { Schema } from "./schema.ts";
import { quote } from "./toml_value.ts";

const UNIT_MS: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Longest delay of a timer: 2^31-1 ms. */
const MAX_TIMER_MS = 2_147_483_647;

/** Parses "10s", "1m30s" or "500ms" to milliseconds; null when the text is no duration. */
export function parseDuration(value: string): number | null {
  if (!/^(\d+(\.\d+)?(ms|s|m|h|d))+$/.test(value)) return null;
  let total = 0;
  for (const [, count, unit] of value.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d)/g)) {
    total += Number(count) * UNIT_MS[unit!]!;
  }
  return Math.round(total);
}

/** A duration of at least `minMs`, read as milliseconds. */
export function duration(minMs = 0): Schema<number> {
  const expected = 'a duration like "10s", "1m30s" or "500ms"';
  return {
    expected,
    jsonSchema: { type: "string", pattern: "^(\\d+(\\.\\d+)?(ms|s|m|h|d))+$" },
    read(value, scope) {
      const isBare = typeof value === "number" || typeof value === "bigint" ||
        (typeof value === "string" && /^\d+$/.test(value));
      if (isBare) {
        return scope.error(`${quote(value)} has no unit, wanted ${expected}`, `write "${value}s" for seconds`);
      }
      const ms = typeof value === "string" ? parseDuration(value) : null;
      if (ms === null) return scope.mismatch(value, expected);
      if (ms < minMs || ms > MAX_TIMER_MS) return scope.mismatch(value, `from ${minMs}ms to 24d`);
      return ms;
    },
  };
}

const UNIT_BYTES: Record<string, number> = {
  K: 1000,
  M: 1000 ** 2,
  G: 1000 ** 3,
  Ki: 1024,
  Mi: 1024 ** 2,
  Gi: 1024 ** 3,
};

/** Parses "64Mi" to bytes; null when the text is no size. K, M, G are decimal; Ki, Mi, Gi are binary. */
export function parseSize(value: string): number | null {
  const match = /^(\d+(?:\.\d+)?)(K|M|G|Ki|Mi|Gi)$/.exec(value);
  const bytes = match === null ? NaN : Math.round(Number(match[1]) * UNIT_BYTES[match[2]!]!);
  return Number.isSafeInteger(bytes) ? bytes : null;
}

/** A size of at least one byte, read as bytes. */
export const size: Schema<number> = {
  expected: 'a size like "64Mi" or "1G"',
  jsonSchema: { type: "string", pattern: "^\\d+(\\.\\d+)?(K|M|G|Ki|Mi|Gi)$" },
  read(value, scope) {
    const bytes = typeof value === "string" ? parseSize(value) : null;
    if (bytes !== null && bytes >= 1) return bytes;
    return scope.mismatch(value, size.expected, "K, M, G are decimal; Ki, Mi, Gi binary");
  },
};
