/** [pure] What `harbornode doctor` found, in 80 columns: a line for what is well, and what to do about what is not. */
import type { CheckResult } from "../../doctor/run_checks.ts";
import type { Finding } from "../../doctor/finding.ts";
import { escapeControls } from "../../model/escape.ts";
import { wrap } from "./wrap.ts";

type Verdict = Finding["verdict"];

const WIDTH = "problem".length;
const INDENT = 2 + WIDTH + 2;

export function formatDoctor(examined: readonly CheckResult[]): string {
  const lines: string[] = [];
  let group: string | null = null;
  for (const one of shown(examined)) {
    if (one.group !== group) lines.push(...(group === null ? [] : [""]), one.group);
    group = one.group;
    lines.push(...findingLines(one));
  }
  return [...lines, "", summary(examined)].join("\n");
}

interface Shown {
  group: string;
  checks: string[];
  finding: Finding;
}

/** What several checks of a group say alike is said once. */
function shown(examined: readonly CheckResult[]): Shown[] {
  const all: Shown[] = [];
  for (const { group, check, findings } of examined) {
    for (const finding of findings) {
      const same = all.find((one) => one.group === group && alike(one.finding, finding));
      if (same !== undefined) same.checks.push(check);
      else all.push({ group, checks: [check], finding });
    }
  }
  return all;
}

function alike(finding: Finding, other: Finding): boolean {
  return finding.verdict === other.verdict && finding.message === other.message;
}

function findingLines({ checks, finding }: Shown): string[] {
  const { verdict, message } = finding;
  const hint = "hint" in finding ? finding.hint : null;
  return [
    ...wrap(`  ${verdict.padEnd(WIDTH)}  ${checks.join(", ")}: ${escapeControls(message)}`, INDENT),
    ...(hint === null ? [] : wrap(`${" ".repeat(INDENT)}hint: ${escapeControls(hint)}`, INDENT + 2)),
  ];
}

/** "23 ok, 1 warning, 1 problem" */
function summary(examined: readonly CheckResult[]): string {
  const counts = countsOf(examined);
  const words: [Verdict, string, string][] = [
    ["ok", "ok", "ok"],
    ["skipped", "skipped", "skipped"],
    ["warning", "warning", "warnings"],
    ["problem", "problem", "problems"],
  ];
  return words.filter(([verdict]) => verdict === "ok" || counts[verdict] > 0)
    .map(([verdict, one, many]) => `${counts[verdict]} ${counts[verdict] === 1 ? one : many}`).join(", ");
}

function countsOf(examined: readonly CheckResult[]): Record<Verdict, number> {
  const counts = { ok: 0, skipped: 0, warning: 0, problem: 0 };
  for (const { findings } of examined) for (const { verdict } of findings) counts[verdict]++;
  return counts;
}

/** Its names are public: fields are added, never renamed. */
export function doctorObject(examined: readonly CheckResult[]) {
  return {
    counts: countsOf(examined),
    checks: examined.flatMap(({ group, check, findings }) =>
      findings.map((finding) => ({
        group,
        check,
        verdict: finding.verdict,
        message: finding.message,
        hint: "hint" in finding ? finding.hint : null,
      }))
    ),
  };
}
