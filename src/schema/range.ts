/** [pure] Ranges of numbers, as the kernel's own settings write them: "20000-29999", both ends included. */
import type { Schema } from "./schema.ts";
import { quote } from "./toml_value.ts";

/** Both ends included. */
export interface Range {
  from: number;
  to: number;
}

interface RangeOptions {
  min: number;
  max: number;
  /** A range as the author of a file would write it, for messages. */
  example: string;
  /** Numbers that the range must not hold, each with its meaning. */
  without?: Record<number, string>;
}

/** A range within `min` and `max`. */
export function range({ min, max, example, without = {} }: RangeOptions): Schema<Range> {
  const expected = `a range like "${example}", from ${min} to ${max}`;
  return {
    expected,
    jsonSchema: { type: "string", pattern: String.raw`^\d+-\d+$` },
    read(value, scope) {
      const match = typeof value === "string" ? /^(\d{1,10})-(\d{1,10})$/.exec(value) : null;
      const [from, to] = [Number(match?.[1]), Number(match?.[2])];
      if (match === null || from < min || to > max) return scope.mismatch(value, expected);
      if (from > to) {
        return scope.error(`is ${quote(value)}, and ends before it begins`, `write "${to}-${from}"`);
      }
      const excluded = Object.entries(without).find(([one]) => Number(one) >= from && Number(one) <= to);
      if (excluded !== undefined) {
        return scope.error(`is ${quote(value)}, and ${excluded[0]} in it is ${excluded[1]}`);
      }
      return { from, to };
    },
  };
}

/** A value, or "off" (or an empty string, for the environment), which is read as null. */
export function orOff<T>(schema: Schema<T>): Schema<T | null> {
  return {
    expected: `${schema.expected}, or "off"`,
    jsonSchema: { anyOf: [schema.jsonSchema, { enum: ["off", ""] }] },
    read: (value, scope) => value === "off" || value === "" ? null : schema.read(value, scope),
  };
}
