import assert from "node:assert/strict";
import fc from "fast-check";
import { COLUMNS, wrap } from "../../../src/cli/format/wrap.ts";

Deno.test("a line that fits stays as it is", () => {
  assert.deepEqual(wrap("  running: runs", 4), ["  running: runs"]);
  assert.deepEqual(wrap("", 4), [""]);
});

Deno.test("a long line goes on below itself, indented", () => {
  const text = `  warning: limit_not_enforced: ${"word ".repeat(14).trim()}`;
  assert.deepEqual(wrap(text, 4), [
    "  warning: limit_not_enforced: word word word word word word word word word word",
    "    word word word word",
  ]);
});

Deno.test("a folded text loses no word, and only a word that is longer than a line makes one longer", () => {
  const word = fc.string({ minLength: 1, maxLength: 100 }).map((text) => text.replace(/\s/g, "x"));
  fc.assert(fc.property(fc.array(word, { minLength: 1, maxLength: 30 }), fc.nat(8), (words, indent) => {
    const lines = wrap(`  ${words.join(" ")}`, indent);
    assert.deepEqual(lines.join(" ").trim().split(/ +/), words);
    for (const line of lines) assert.ok(line.length <= COLUMNS || !line.trim().includes(" "), line);
  }));
});
