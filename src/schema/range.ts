/** Ranges of numbers, as the kernel's own settings write them: "20000-29999", both ends included. */
import type { Schema } from "./schema.ts";
import { quote } from "./diagnostic.ts";

/** Both ends included. */
export interface Range {
  from: number;
  to: number;
}

interface RangeOptions {
  min: number;
  max: number;
  /** As the author of a config.toml would write one. */
  example: string;
  /** Numbers that it must not hold, each with its meaning. */
  without?: Record<number, string>;
}

export function range({ min, max, example, without = {} }: RangeOptions): Schema<Range> {
  const expected = `a range like "${example}", from ${min} to ${max}`;
  return {
    expected,
    jsonSchema: { type: "string", pattern: String.raw`^\d+-\d+$` },
    read(value, scope) {
      const match = typeof value === "string" ? /^(\d{1,10})-(\d{1,10})$/.exec(value) : null;
      const [from, to] = [Number(match?.[1]), Number(match?.[2])];
      if (match === null || from < min || to > max) return scope.error(`is ${quote(value)}, wanted ${expected}`);
      if (from > to) {
        return scope.error(`is ${quote(value)}, and ends before it begins`, `write "${to}-${from}"`);
      }
      const wrong = Object.entries(without).find(([one]) => Number(one) >= from && Number(one) <= to);
      if (wrong !== undefined) return scope.error(`is ${quote(value)}, and ${wrong[0]} in it is ${wrong[1]}`);
      return { from, to };
    },
  };
}

/** Null for "off" and for an empty text. */
export function orOff<T>(schema: Schema<T>): Schema<T | null> {
  return {
    expected: `${schema.expected}, or "off"`,
    jsonSchema: { anyOf: [schema.jsonSchema, { enum: ["off", ""] }] },
    read: (value, scope) => value === "off" || value === "" ? null : schema.read(value, scope),
  };
}
