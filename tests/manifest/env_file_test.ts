import assert from "node:assert/strict";
import { parseEnvFile } from "../../src/manifest/env_file.ts";

function values(text: string): Record<string, string> {
  const { values, problems } = parseEnvFile(text);
  assert.deepEqual(problems, []);
  return values;
}

const LINES: [line: string, value: string][] = [
  ["A=plain", "plain"],
  ["A=", ""],
  ["A=''", ""],
  ["A=two words", "two words"],
  ["  export   A=x  ", "x"],
  ['A="two words"', "two words"],
  ["A='$HOME \"x\"'", '$HOME "x"'],
  ["A=a=b", "a=b"],
  ["A=x # y", "x # y"],
  ["A=it's", "it's"],
];

for (const [line, value] of LINES) {
  Deno.test(`env file line ${line} gives ${JSON.stringify(value)}`, () => assert.deepEqual(values(line), { A: value }));
}

Deno.test("env file takes comments, empty lines, a byte order mark and Windows line ends; the last value counts", () => {
  assert.deepEqual(values("\uFEFF# note\r\n\r\nA=1\r\n\tA=2\r\n"), { A: "2" });
});

Deno.test("env file keeps names of JavaScript's own", () => {
  assert.deepEqual(Object.keys(values("__proto__=1\nconstructor=2\n")), ["__proto__", "constructor"]);
});

Deno.test("env file names every bad line and quotes none, for it may hold a secret", () => {
  const { problems } = parseEnvFile('A: s3cr3t\nOK=1\n1B=s3cr3t\nC=\'s3cr3t\nD="a" s3cr3t\nE=s3cr3t\0\n');
  assert.deepEqual(problems.map((problem) => problem.line), [1, 3, 4, 5, 6]);
  assert.ok(problems.every((problem) => problem.message !== "" && !problem.message.includes("s3cr3t")));
});

Deno.test("env file that is no text, or a pointer of Git LFS, is one problem of the whole file", () => {
  for (const text of ["A=\uFFFD\n", "version https://git-lfs.github.com/spec/v1\noid sha256:0\n"]) {
    const { values, problems } = parseEnvFile(text);
    assert.deepEqual([values, problems.map((problem) => problem.line)], [{}, [0]]);
  }
});
