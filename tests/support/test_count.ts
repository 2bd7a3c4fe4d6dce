/** [pure] How many tests passed, failed and were skipped, from what `deno test` wrote. */
export interface TestCount {
  passed: number;
  failed: number;
  skipped: number;
}

/**
 * Counts the tests of a JUnit report as `deno test --junit-path` writes it. Steps are part of their test. A module that
 * does not load stands in no report: it is told by a line of the reporter, and counts as one failure.
 *
 * `success` is what the run's exit code said: a run that failed in a way that is seen nowhere (a type error, a crash)
 * still counts as one failure.
 */
export function countTests(junit: string, { output, success }: { output: string; success: boolean }): TestCount {
  const count: TestCount = { passed: 0, failed: new Set(modulesThatFailed(output)).size, skipped: 0 };
  for (const { body } of withoutSteps(testCases(junit))) {
    if (/<(failure|error)\b/.test(body)) count.failed++;
    else if (/<skipped\b/.test(body)) count.skipped++;
    else count.passed++;
  }
  count.skipped -= filteredOut(output);
  if (!success && count.failed === 0) count.failed = 1;
  return count;
}

/** Of two runs that have no test in common. */
export function sumOf(a: TestCount, b: TestCount): TestCount {
  return { passed: a.passed + b.passed, failed: a.failed + b.failed, skipped: a.skipped + b.skipped };
}

/** The line that the run ends with. */
export function countLine({ passed, failed, skipped }: TestCount): string {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`;
}

/** Reasons of the skips that `testNeeding` announced, with how many tests each of them cost. */
export function skipReasons(output: string): Map<string, number> {
  const reasons = new Map<string, number>();
  for (const [, reason] of plain(output).matchAll(/^SKIPPED .*: (.+)$/gm)) {
    reasons.set(reason!, (reasons.get(reason!) ?? 0) + 1);
  }
  return reasons;
}

interface TestCase {
  name: string;
  body: string;
}

function testCases(junit: string): TestCase[] {
  return [...junit.matchAll(/<testcase name="([^"]*)"[^>]*?(?:\/>|>([\s\S]*?)<\/testcase>)/g)]
    .map(([, name, body]) => ({ name: name!, body: body ?? "" }));
}

/**
 * A step is called "test &gt; step"; a test may be called so too, but then nothing beside it has the first half. Each is
 * in the suite of the file that it was declared in, which for a test is often a helper's.
 */
function withoutSteps(cases: TestCase[]): TestCase[] {
  const names = new Set(cases.map(({ name }) => name));
  return cases.filter(({ name }) => {
    const parts = name.split(" &gt; ");
    return !parts.some((_, index) => index > 0 && names.has(parts.slice(0, index).join(" &gt; ")));
  });
}

/** Returns how many tests `--filter` left out. The JUnit report lists them as skipped. */
function filteredOut(output: string): number {
  const totals = [...plain(output).matchAll(/^(?:ok|FAILED) \| .*\| (\d+) filtered out \(/gm)];
  return totals.reduce((sum, [, tests]) => sum + Number(tests), 0);
}

function modulesThatFailed(output: string): string[] {
  return [...plain(output).matchAll(/^Uncaught error from (\S+) FAILED$/gm)].map(([, module]) => module!);
}

function plain(text: string): string {
  // deno-lint-ignore no-control-regex -- the colours of a terminal
  return text.replace(/\x1b\[[0-9;]*m/g, "");
}
