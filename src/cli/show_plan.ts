/** A plan as text: what would be done, and why, workload by workload. */
import type { PlanPreview } from "../daemon/preview.ts";
import { showProblems } from "./show_problem.ts";

const MARK: Record<string, string> = { start: "+", stop: "-", remove: "-", prepare: "*" };

export function showPlan(preview: PlanPreview): string {
  const lines: string[] = [];
  if (preview.source_error !== null) {
    lines.push(`note: ${preview.source_error}; this is the plan of the last revision here`);
  }
  if (preview.problems.length > 0) lines.push(showProblems(preview.problems), "");
  const at = preview.revision === null ? "no revision is known" : `revision ${preview.revision.slice(0, 7)}`;
  if (preview.actions.length === 0) lines.push(`${at}: nothing to do`);
  else {
    const names = new Set(preview.actions.map((action) => action.workload));
    lines.push(`${at}: ${count(preview.actions.length, "action")} for ${count(names.size, "workload")}`);
  }
  for (const { type, action, reason, message } of preview.actions) {
    lines.push(`  ${MARK[type] ?? " "} ${action}`, `      ${reason}: ${message}`);
  }
  for (const { runtime, message } of preview.unknown) {
    lines.push(`  ? workloads of ${runtime} are left alone: ${message}`);
  }
  if (preview.prune_held !== null) {
    lines.push(
      `  ! removal of ${preview.prune_held.names.join(", ")} is held: ${preview.prune_held.message}`,
      '      hint: say "harbornode prune --confirm" if that is what you want',
    );
  }
  return lines.join("\n");
}

function count(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? "" : "s"}`;
}
