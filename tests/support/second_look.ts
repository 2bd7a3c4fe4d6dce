/**
 * [pure] Whether what failed may have failed by chance: on a busy machine a few files are worth a second look by
 * themselves, and what passes then is told aloud, as a test that has to be mended.
 */
import type { TestCount } from "./test_count.ts";

/** More than this is no chance. */
const MOST_FILES = 3;

export interface FailedTest {
  file: string;
  name: string;
}

/**
 * The tests that failed, as the reporter of `deno test` says it; steps are part of their test. The JUnit report can not
 * tell: it gives the place that a test was declared at, which is a helper's for many.
 */
export function failedTests(output: string): FailedTest[] {
  const failed: FailedTest[] = [];
  let file = "";
  /** Of a test of which Deno said in the middle of its line that it takes long. */
  let slow = "";
  // deno-lint-ignore no-control-regex -- the colours of a terminal
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
 * The files to look at again; none when these are too many, or when something failed that is no test of a file, as a
 * module that does not load: that is no chance.
 */
export function worthASecondLook(failed: readonly FailedTest[], count: TestCount): string[] {
  const files = [...new Set(failed.map((one) => one.file))];
  return files.length <= MOST_FILES && failed.length === count.failed ? files : [];
}

/** The count of the second look, in which all files ran that had failed in the first. */
export function secondCount(first: TestCount, second: TestCount): TestCount {
  return { ...first, passed: first.passed + first.failed - second.failed, failed: second.failed };
}

/** A line for each test that failed the first time and not the second. */
export function healedLines(first: readonly FailedTest[], second: readonly FailedTest[]): string[] {
  const isStill = (one: FailedTest) => second.some(({ file, name }) => file === one.file && name === one.name);
  return first.filter((one) => !isStill(one)).map((one) =>
    `failed, then passed when repeated: ${one.name} (${one.file})`
  );
}
