/** Ranges of numbers, as the kernel's own settings write them: "20000-29999", both ends included. */
import type { Grammar } from "../manifest/grammar.ts";
import { quote } from "../manifest/place.ts";
import type { Range } from "./settings.ts";

interface RangeOptions {
  min: number;
  max: number;
  /** As the author of a config.toml would write one. */
  example: string;
  /** Numbers that it must not hold, each with its meaning. */
  without?: Record<number, string>;
}

export function range({ min, max, example, without = {} }: RangeOptions): Grammar<Range> {
  const wants = `a range like "${example}", from ${min} to ${max}`;
  return {
    wants,
    schema: { type: "string", pattern: String.raw`^\d+-\d+$` },
    read(value, place) {
      const match = typeof value === "string" ? /^(\d{1,10})-(\d{1,10})$/.exec(value) : null;
      const [from, to] = [Number(match?.[1]), Number(match?.[2])];
      if (match === null || from < min || to > max) return place.report(`is ${quote(value)}, wanted ${wants}`);
      if (from > to) {
        return place.report(`is ${quote(value)}, and ends before it begins`, `write "${to}-${from}"`);
      }
      const wrong = Object.entries(without).find(([one]) => Number(one) >= from && Number(one) <= to);
      if (wrong !== undefined) return place.report(`is ${quote(value)}, and ${wrong[0]} in it is ${wrong[1]}`);
      return { from, to };
    },
  };
}

/** Null for "off" and for an empty text. */
export function orOff<T>(grammar: Grammar<T>): Grammar<T | null> {
  return {
    wants: `${grammar.wants}, or "off"`,
    schema: { anyOf: [grammar.schema, { enum: ["off", ""] }] },
    read: (value, place) => value === "off" || value === "" ? null : grammar.read(value, place),
  };
}
