/** [pure] Command lines: an array of arguments, or a string that is split like a shell does, without running a shell. */
import type { Schema } from "../../schema/schema.ts";
import { quote } from "../../schema/toml_value.ts";

const EXPECTED = "an array of strings, or a string without shell syntax";

/** Program and arguments; at least the program. */
export const shellWords: Schema<string[]> = {
  expected: EXPECTED,
  jsonSchema: {
    anyOf: [{ type: "string", minLength: 1 }, { type: "array", items: { type: "string" }, minItems: 1 }],
  },
  read(value, scope) {
    if (typeof value === "string" ? value.includes("\0") : Array.isArray(value) && value.join().includes("\0")) {
      return scope.error("holds a NUL character, which no command can");
    }
    if (Array.isArray(value)) {
      if (value.length > 0 && value.every((word) => typeof word === "string") && value[0] !== "") return value;
      const what = value.length === 0
        ? "an empty array"
        : value[0] === ""
        ? "an array without a program"
        : "an array with other things";
      return scope.error(`is ${what}, wanted ${EXPECTED}`);
    }
    if (typeof value !== "string") return scope.mismatch(value, EXPECTED);
    const line = split(value);
    if (line === "shell") {
      return scope.error(`${quote(value)} has shell syntax, and no shell reads it`, shellHint(value));
    }
    if (line === "open") return scope.error(`${quote(value)} has a quote that does not end`);
    return line[0] === undefined || line[0] === "" ? scope.mismatch(value, EXPECTED) : line;
  },
};

/**
 * Splits at white space; quotes hold a word together and are removed. Returns "open" when a quote does not end, and
 * "shell" for what only a shell could interpret: pipes, variables, escapes.
 *
 * @example split("./serve.sh --title 'two words'") // ["./serve.sh", "--title", "two words"]
 */
export function split(line: string): string[] | "open" | "shell" {
  const words: string[] = [];
  let word: string | null = null;
  let quoted: string | null = null;
  for (let at = 0; at < line.length; at++) {
    const char = line.charAt(at);
    const isExpansion = char === "`" || char === "\\" ||
      (char === "$" && /[A-Za-z_({]/.test(line.charAt(at + 1)) && !line.startsWith("${ports.", at));
    if (quoted !== "'" && isExpansion) return "shell";
    if (quoted !== null) {
      if (char === quoted) quoted = null;
      else word += char;
    } else if (char === '"' || char === "'") {
      quoted = char;
      word ??= "";
    } else if (/[|<>&;]/.test(char)) {
      return "shell";
    } else if (/\s/.test(char)) {
      if (word !== null) words.push(word);
      word = null;
    } else word = (word ?? "") + char;
  }
  if (quoted !== null) return "open";
  if (word !== null) words.push(word);
  return words;
}

function shellHint(line: string): string {
  return `write ["/bin/sh", "-c", ${line.length <= 40 ? quote(line) : '"..."'}]`;
}
