/** [pure] Command lines: an array of words, or a string that is split as a shell would, without being one. */
import type { Grammar } from "./grammar.ts";
import { quote } from "./place.ts";

const SHELL = /[|<>&;`]|\$\(|\$\{/;
const WANTS = "an array of strings, or a string without shell syntax";

export const words: Grammar<string[]> = {
  wants: WANTS,
  schema: { anyOf: [{ type: "string" }, { type: "array", items: { type: "string" }, minItems: 1 }] },
  read(value, place) {
    if (Array.isArray(value)) {
      if (value.length > 0 && value.every((one) => typeof one === "string") && value[0] !== "") return value;
      return place.report(
        `is ${value.length === 0 ? "an empty array" : "an array with other things"}, wanted ${WANTS}`,
      );
    }
    if (typeof value !== "string" || value.trim() === "") return place.report(`is ${quote(value)}, wanted ${WANTS}`);
    if (SHELL.test(value)) {
      return place.report(
        `${quote(value)} has shell syntax, and no shell reads it`,
        `write ["/bin/sh", "-c", ${JSON.stringify(value.slice(0, 40))}]`,
      );
    }
    return split(value) ?? place.report(`${quote(value)} has a quote that does not end`);
  },
};

/** At white space outside of quotes. Null when a quote does not end. */
export function split(line: string): string[] | null {
  const found: string[] = [];
  let word: string | null = null;
  let quoted: string | null = null;
  for (const char of line) {
    if (quoted !== null) {
      if (char === quoted) quoted = null;
      else word += char;
    } else if (char === '"' || char === "'") {
      quoted = char;
      word ??= "";
    } else if (/\s/.test(char)) {
      if (word !== null) found.push(word);
      word = null;
    } else word = (word ?? "") + char;
  }
  if (quoted !== null) return null;
  if (word !== null) found.push(word);
  return found;
}
