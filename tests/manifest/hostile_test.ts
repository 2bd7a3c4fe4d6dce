/** Texts that were made to harm: each is read in the time that its size asks for, and says what is wrong with it. */
import assert from "node:assert/strict";
import { readManifests } from "../../src/manifest/read_manifests.ts";
import type { Problem } from "../../src/model/problem.ts";

const MIB = 1024 * 1024;

function problemsOf(text: string, device = "pi"): Problem[] {
  const entries = [{ path: "services/web.toml", type: "file" as const, executable: false, oid: "0", size: 1 }];
  const desired = readManifests({ entries, text: () => text }, { revision: "r", device, labels: {} });
  return desired.invalid.flatMap((manifest) => manifest.problems);
}

Deno.test("on with many stars is compared without going back over them all", () => {
  const text = `command = "sleep 1"\non = "${"*a".repeat(1000)}*b"\n`;
  assert.deepEqual(problemsOf(text, "a".repeat(63)), []);
});

Deno.test("a dotted key of half a million parts is one unknown field, in its place", () => {
  const [first] = problemsOf(`x-ok = 1\na${".a".repeat(MIB / 2 - 100)} = 1\n`).filter((problem) =>
    problem.field === "a"
  );
  assert.deepEqual([first?.line, first?.column], [2, 1]);
});

Deno.test("a header of half a million parts is one unknown field, in its place", () => {
  const [first] = problemsOf(`x-ok = 1\n[a${".a".repeat(MIB / 2 - 100)}]\n`).filter((problem) => problem.field === "a");
  assert.deepEqual([first?.line, first?.column], [2, 2]);
});

for (const [open, close] of [["[", "]"], ["{ a = ", " }"]] as const) {
  for (const depth of [100, 1000, 100_000]) {
    Deno.test(`${depth} of "${open}" in each other are said to be too many, not shown as a crash`, () => {
      const [problem] = problemsOf(`a = ${open.repeat(depth)}1${close.repeat(depth)}\n`);
      assert.match(problem!.message, /^the text is no TOML here: document contains excessively nested structures$/);
      assert.equal(problem!.line, 1);
    });
  }
}

Deno.test("of eighty thousand mistakes the first hundred are told, and that there are more", () => {
  const problems = problemsOf(Array.from({ length: 80_000 }, (_, index) => `k${index} = 1`).join("\n"));
  assert.equal(problems.length, 101);
  assert.deepEqual([problems[0]!.line, problems[99]!.line], [1, 100]);
  assert.match(problems[100]!.message, /^has more problems; these are the first 100$/);
});

Deno.test("names and values that would move a terminal's cursor are shown as escapes", () => {
  const problems = problemsOf('"\\u001b[2J" = 1\n"\\u009b2J" = 1\nrestart = "\\u202Ex\\u001b"\n');
  const shown = JSON.stringify(problems.map(({ field, message, hint }) => [field, message, hint]));
  // deno-lint-ignore no-control-regex -- these must not be there
  assert.doesNotMatch(JSON.parse(shown).flat().join(), /[\x00-\x1f\x7f-\x9f\u202a-\u202e]/);
  assert.equal(problems[0]!.field, '"\\u001b[2J"');
});

Deno.test("a character that no comment may hold is named, and not shown as it is", () => {
  const [problem] = problemsOf('# \x7f\ncommand = "sleep 1"\n');
  assert.equal(problem!.message, "the text is no TOML here: invalid code point \\u007f within comments");
});

Deno.test("names of JavaScript's own are names like any other", () => {
  const problems = problemsOf('command = "sleep 1"\n__proto__ = { image = "x" }\nconstructor = 1\ntoString = 1\n');
  assert.deepEqual(problems.map((problem) => problem.field), ["__proto__", "constructor", "toString"]);
  assert.deepEqual(problemsOf('command = "sleep 1"\non = "constructor=*"\n'), []);
});
