import assert from "node:assert/strict";
import type { Check } from "../../src/doctor/check.ts";

/**
 * A test of a check's judgement: for facts that are well, and for each change to them, what is said, as
 * "verdict: message" with its hint in a line below.
 */
export function judges<F, N extends "settings" | "snapshot">(
  check: Check<F, N>,
  well: F,
  cases: [change: Partial<F>, said: string | RegExp][],
): void {
  Deno.test(`${check.group}, ${check.name}: each verdict follows from what was seen`, () => {
    for (const [change, wanted] of cases) {
      const findings = check.evaluate({ ...well, ...change });
      assert.ok(findings.length > 0, "a check says something");
      for (const finding of findings) {
        assert.doesNotMatch(finding.message, /\.$|\b(can't|can not|isn't|don't|doesn't)\b/, finding.message);
        assert.ok(!("hint" in finding) || finding.hint !== "", finding.message);
      }
      const message = findings.map((finding) => {
        const hint = "hint" in finding && finding.hint !== null ? `\n  ${finding.hint}` : "";
        return `${finding.verdict}: ${finding.message}${hint}`;
      }).join("\n");
      if (typeof wanted === "string") assert.equal(message, wanted);
      else assert.match(message, wanted);
    }
  });
}
