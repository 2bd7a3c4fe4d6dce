/** How many tests passed, failed and were skipped, from Deno's JUnit report. */
export interface TestCount {
  passed: number;
  failed: number;
  skipped: number;
}

/** A run that failed without a failed test (a module that does not load) counts as one failure. */
export function countTests(junit: string, success: boolean): TestCount {
  const suites = [...junit.matchAll(/<testsuite\b[^>]*>/g)].map(([tag]) => tag);
  const sum = (name: string) =>
    suites.reduce((total, tag) => total + Number(new RegExp(` ${name}="(\\d+)"`).exec(tag)?.[1] ?? 0), 0);
  const broken = sum("failures") + sum("errors");
  const failed = broken === 0 && !success ? 1 : broken;
  const skipped = sum("disabled") + sum("skipped");
  return { passed: Math.max(0, sum("tests") - broken - skipped), failed, skipped };
}
