/**
 * [pure] The second run of failed test files. On a busy machine a test may fail by chance: the files of failed tests
 * run once more, and each test that passes only then is listed as a defect, since a test must not depend on chance.
 */
import type { TestCount } from "./test_count.ts";

/** When more files than this have failed tests, chance is no explanation. */
const MAX_FILES = 3;

export interface FailedTest {
  file: string;
  name: string;
}

/**
 * Returns the failed tests from the output of `deno test`. A failed step counts as its test. The JUnit report has no
 * such list: it gives the file that declared a test, which for many tests is a helper's.
 */
export function failedTests(output: string): FailedTest[] {
  const failed: FailedTest[] = [];
  let file = "";
  /** Name of the test whose line Deno has interrupted to say that the test takes long. */
  let slow = "";
  // deno-lint-ignore no-control-regex -- the colors of a terminal
  for (const line of output.replace(/\x1b\[[0-9;]*m/g, "").split("\n")) {
    file = /^running \d+ tests? from (\S+)$/.exec(line)?.[1] ?? file;
    const name = /^(\S.*) \.\.\. FAILED(?: \(due to [^()]+\))? \([\dmsµ]+\)$/.exec(line)?.[1];
    slow = /^(\S.*) \.\.\.'.*' has been running for over /.exec(line)?.[1] ?? slow;
    if (name !== undefined) failed.push({ file, name });
    else if (/^ FAILED \([\dms]+\)$/.test(line)) failed.push({ file, name: slow });
  }
  return failed;
}

/**
 * Returns the files to run again. Returns none when more than `MAX_FILES` failed, or when something failed that is not
 * a test of a file, such as a module that does not load.
 */
export function filesToRerun(failed: readonly FailedTest[], count: TestCount): string[] {
  const files = [...new Set(failed.map((test) => test.file))];
  return files.length <= MAX_FILES && failed.length === count.failed ? files : [];
}

/** Returns the count of all tests after a second run of every file that had a failed test. */
export function countAfterRerun(first: TestCount, second: TestCount): TestCount {
  return { ...first, passed: first.passed + first.failed - second.failed, failed: second.failed };
}

/** Returns one line for each test that failed in the first run and passed in the second. `.ci/run` reads the lines. */
export function healedLines(first: readonly FailedTest[], second: readonly FailedTest[]): string[] {
  const failedAgain = (test: FailedTest) => second.some(({ file, name }) => file === test.file && name === test.name);
  return first.filter((test) => !failedAgain(test)).map(({ file, name }) => `healed: ${name} (${file})`);
}
