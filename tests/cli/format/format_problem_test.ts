import assert from "node:assert/strict";
import { formatProblems } from "../../../src/cli/format/format_problem.ts";

Deno.test("problems are shown one a line, each with its place and its hint, and counted", () => {
  const problems = [
    {
      file: "services/web.toml",
      line: 1,
      column: 7,
      field: "ports[0]",
      message: "is 0, wanted a whole number from 1 to 65535",
    },
    {
      file: "services/web.toml",
      line: 2,
      column: 1,
      field: "evn",
      message: "is no field",
      hint: 'did you mean "env"?',
    },
    { file: "services/cam.toml", line: 3, column: 1, field: "", message: "the text is no TOML here" },
  ];
  assert.equal(
    formatProblems(problems),
    [
      "error: services/web.toml:1:7: ports[0]: is 0, wanted a whole number from 1 to 65535",
      "error: services/web.toml:2:1: evn: is no field",
      '  hint: did you mean "env"?',
      "error: services/cam.toml:3:1: the text is no TOML here",
      "3 problems in 2 files",
    ].join("\n"),
  );
});

Deno.test("a problem without a line is shown at its file, and one alone is counted in the singular", () => {
  assert.equal(
    formatProblems([{ file: "environment", field: "HARBORNODE_REPO_URL", message: "holds credentials" }]),
    "error: environment: HARBORNODE_REPO_URL: holds credentials\n1 problem in 1 file",
  );
});

Deno.test("problems that are none are counted as none", () => {
  assert.equal(formatProblems([]), "0 problems in 0 files");
});
