import assert from "node:assert/strict";
import { countAfterRerun, failedTests, filesToRerun, healedLines } from "./rerun_failed.ts";

const OUTPUT = `running 2 tests from ./tests/a_test.ts
one ... ok (3ms)
two ...
------- output -------
SKIPPED nothing ... FAILED
----- output end -----
two ... FAILED (1m3s)
running 2 tests from ./tests/b_test.ts
three ...
  a step ... FAILED (1ms)
three ... FAILED (due to 1 failed step) (20ms)
five ...'five' has been running for over (1m0s)
 FAILED (1m3s)
six ...'six' has been running for over (1m0s)
 ok (1m3s)
four ... \x1b[31mFAILED\x1b[0m \x1b[90m(4ms)\x1b[0m

 ERRORS
`;
const A = { file: "./tests/a_test.ts", name: "two" };
const B = { file: "./tests/b_test.ts", name: "four" };

Deno.test("a failed test is listed with the file that it ran in, and a failed step counts as its test", () => {
  assert.deepEqual(failedTests(OUTPUT), [A, { ...B, name: "three" }, { ...B, name: "five" }, B]);
});

Deno.test("files run again when three at most have failed tests, and when nothing but tests has failed", () => {
  const count = { passed: 9, failed: 2, skipped: 0 };
  assert.deepEqual(filesToRerun([A, B], count), [A.file, B.file]);
  assert.deepEqual(filesToRerun([A, B], { ...count, failed: 3 }), [], "a module that did not load");
  const many = [1, 2, 3, 4].map((number) => ({ file: `${number}`, name: "x" }));
  assert.deepEqual(filesToRerun(many, { ...count, failed: 4 }), []);
  assert.deepEqual(filesToRerun([], { ...count, failed: 1 }), []);
});

Deno.test("the count after a rerun covers all tests, and each healed test is listed by name", () => {
  const first = { passed: 9, failed: 2, skipped: 1 };
  assert.deepEqual(countAfterRerun(first, { passed: 4, failed: 1, skipped: 0 }), { passed: 10, failed: 1, skipped: 1 });
  assert.deepEqual(healedLines([A, B], [B]), ["healed: two (./tests/a_test.ts)"]);
});
