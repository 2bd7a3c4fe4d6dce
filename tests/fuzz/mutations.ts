/** Texts and bytes as accidents and attackers make them of good ones. */
import fc from "fast-check";

/** What is worth trying in the place of anything. */
const PIECES = [
  "",
  "\0",
  "\uFEFF",
  "\r\n",
  '"',
  '"""',
  "'''",
  "[",
  "]",
  "[[",
  "{",
  "}",
  "=",
  "#",
  "# \u007f",
  "# \u009b2J",
  "..",
  "../../etc/passwd",
  "/dev/sda",
  "-1",
  "0",
  "9007199254740993",
  "99999999999999999999999999",
  "1e999",
  "nan",
  "inf",
  "-0.0",
  "0x7fffffffffffffff",
  "2026-13-45T99:99:99Z",
  "true",
  "__proto__",
  "constructor.prototype",
  "${ports.http}",
  "${vars.x}",
  "*",
  "!*",
  "\u202e",
  "\u001b[2J",
  "😀",
  "\ud800",
  "a".repeat(70_000),
  "[".repeat(2000),
  "{a=".repeat(500),
  "a.".repeat(3000),
];

type Step =
  | { type: "insert" | "replace"; at: number; piece: string }
  | { type: "cut" | "repeat"; at: number; length: number }
  | { type: "swap"; at: number; to: number }
  | { type: "byte"; at: number; value: number };

const place = fc.double({ min: 0, max: 1, noNaN: true });
const piece = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...PIECES) },
  { weight: 1, arbitrary: fc.string({ unit: "binary", maxLength: 20 }) },
);

/** Those that end or escape something come oftener. */
const byte = fc.oneof(fc.nat({ max: 255 }), fc.constantFrom(0, 9, 10, 13, 0x1b, 0x22, 0x5c, 0x7f, 0xc2, 0xff));

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ type: fc.constantFrom("insert" as const, "replace" as const), at: place, piece }),
  fc.record({ type: fc.constantFrom("cut" as const, "repeat" as const), at: place, length: fc.nat({ max: 40 }) }),
  fc.record({ type: fc.constant("swap" as const), at: place, to: place }),
  fc.record({ type: fc.constant("byte" as const), at: place, value: byte }),
);

/** One of the texts with a few things done to it: to its lines, its words and its bytes. */
export function mutated(texts: readonly string[]): fc.Arbitrary<string> {
  return fc.tuple(fc.constantFrom(...texts), fc.array(step, { minLength: 1, maxLength: 6 }))
    .map(([text, steps]) => steps.reduce(changed, text));
}

/** Good, or with something done to it. */
export function oftenMutated(texts: readonly string[]): fc.Arbitrary<string> {
  return fc.oneof(fc.constantFrom(...texts), mutated(texts));
}

function changed(text: string, one: Step): string {
  const at = Math.floor(one.at * text.length);
  switch (one.type) {
    case "insert":
      return text.slice(0, at) + one.piece + text.slice(at);
    case "replace": {
      // A whole value or name, where there is one.
      const word = /[\w.-]+|"[^"\n]*"/g;
      word.lastIndex = at;
      const found = word.exec(text);
      return found === null ? text : text.slice(0, found.index) + one.piece + text.slice(found.index + found[0].length);
    }
    case "cut":
      return text.slice(0, at) + text.slice(at + one.length);
    case "repeat":
      return text.slice(0, at) + text.slice(at, at + one.length).repeat(3) + text.slice(at + one.length);
    case "swap": {
      const lines = text.split("\n");
      const [a, b] = [Math.floor(one.at * lines.length), Math.floor(one.to * lines.length)];
      [lines[a], lines[b]] = [lines[b] ?? "", lines[a] ?? ""];
      return lines.join("\n");
    }
    case "byte": {
      const bytes = new TextEncoder().encode(text);
      if (bytes.length > 0) bytes[Math.min(bytes.length - 1, Math.floor(one.at * bytes.length))] = one.value;
      return new TextDecoder().decode(bytes);
    }
  }
}
