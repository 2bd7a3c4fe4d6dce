import assert from "node:assert/strict";
import { countLine, countTests, skipReasons } from "./test_count.ts";

const OK = { output: "", success: true };

function report(...cases: string[]): string {
  return `<testsuites name="deno test">\n<testsuite name="./a_test.ts">\n${
    cases.join("\n")
  }\n</testsuite>\n</testsuites>`;
}

const pass = (name: string) => `<testcase name="${name}" classname="a" time="0">\n</testcase>`;
const fail = (name: string) => `<testcase name="${name}" classname="a"><failure message="x">x</failure></testcase>`;
const skip = (name: string) => `<testcase name="${name}" classname="a"><skipped/></testcase>`;

Deno.test("a count tells passed, failed and skipped tests apart", () => {
  const junit = report(pass("one"), pass("two"), fail("three"), skip("four"));
  assert.deepEqual(countTests(junit, { output: "", success: false }), { passed: 2, failed: 1, skipped: 1 });
});

Deno.test("a count takes steps as part of their test", () => {
  const junit = report(pass("one"), pass("one &gt; step"), pass("one &gt; step &gt; deeper"), fail("two"));
  assert.deepEqual(countTests(junit, { output: "", success: false }), { passed: 1, failed: 1, skipped: 0 });
});

Deno.test("a count takes a step as part of its test where a helper of another file declared the test", () => {
  const junit = report(fail("one"), pass("two")) + report(fail("one &gt; step"), pass("two &gt; step"));
  assert.deepEqual(countTests(junit, { output: "", success: false }), { passed: 1, failed: 1, skipped: 0 });
});

Deno.test("a count keeps a test whose own name looks like a step's", () => {
  assert.equal(countTests(report(pass("a &gt; b")), OK).passed, 1);
});

Deno.test("tests that a filter left out are not counted as skipped", () => {
  const output = "\x1b[32mok\x1b[0m | 1 passed | 0 failed | 1 ignored | 2 filtered out \x1b[90m(199ms)\x1b[0m\n";
  const junit = report(pass("one"), skip("two"), skip("three"), skip("four"));
  assert.deepEqual(countTests(junit, { output, success: true }), { passed: 1, failed: 0, skipped: 1 });
});

Deno.test("a count takes a module that does not load as a failure, beside the failed tests", () => {
  const output = "\x1b[0mUncaught error from ./b_test.ts \x1b[31mFAILED\x1b[0m\n";
  assert.equal(countTests(report(fail("one")), { output, success: false }).failed, 2);
});

Deno.test("a count takes a run that failed without saying how as one failure", () => {
  assert.deepEqual(countTests("", { output: "", success: false }), { passed: 0, failed: 1, skipped: 0 });
});

Deno.test("the last line leaves out what was not skipped", () => {
  assert.equal(countLine({ passed: 3, failed: 0, skipped: 0 }), "3 passed, 0 failed");
  assert.equal(countLine({ passed: 3, failed: 1, skipped: 2 }), "3 passed, 1 failed, 2 skipped");
});

Deno.test("reasons of skips are grouped", () => {
  const output = "SKIPPED a: b: no git in PATH\nsomething\nSKIPPED c: no git in PATH\nSKIPPED d: not run as root\n";
  assert.deepEqual([...skipReasons(output)], [["no git in PATH", 2], ["not run as root", 1]]);
});
