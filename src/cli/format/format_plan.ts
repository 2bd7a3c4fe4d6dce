/** A plan as text: what would be done, and why, workload by workload. */
import type { PlannedAction, PlanPreview } from "../../operations/plan_preview.ts";
import { CHECKOUT } from "../../model/desired.ts";
import { wrap } from "./wrap.ts";
import { formatProblems } from "./format_problem.ts";
import { shortId } from "../../model/git_ref.ts";

const MARK: Record<string, string> = { start: "+", stop: "-", remove: "-", prepare: "*" };

export function formatPlan(preview: PlanPreview): string {
  const lines: string[] = [];
  if (preview.source_error !== null) {
    lines.push(...wrap(`note: ${preview.source_error}; this is the plan of the last revision here`, 2));
  }
  if (preview.problems.length > 0) lines.push(formatProblems(preview.problems), "");
  const at = titleOf(preview.revision);
  if (preview.actions.length === 0) lines.push(`${at}: nothing to do`);
  else {
    const names = new Set(preview.actions.map((action) => action.workload));
    lines.push(`${at}: ${count(preview.actions.length, "action")} for ${count(names.size, "workload")}`);
  }
  for (const [index, one] of preview.actions.entries()) {
    lines.push(`  ${MARK[one.type] ?? " "} ${one.action}`);
    if (!isOneReason(one, preview.actions[index + 1])) {
      lines.push(...wrap(`      ${one.reason}: ${one.message}`, 8));
    }
  }
  for (const { runtime, message } of preview.unknown) {
    lines.push(...wrap(`  ? workloads of ${runtime} are left alone: ${message}`, 4));
  }
  if (preview.pending_removal !== null) {
    lines.push(
      ...wrap(
        `  ! removal of ${preview.pending_removal.names.join(", ")} is pending: ${preview.pending_removal.message}`,
        4,
      ),
      '      hint: run "harbornode prune --confirm" to remove them',
    );
  }
  return lines.join("\n");
}

function titleOf(revision: string | null): string {
  if (revision === null) return "no revision is known";
  return revision === CHECKOUT ? "this checkout" : `revision ${shortId(revision)}`;
}

/** Steps of a workload that follow from one thing say it once, after the last of them. */
function isOneReason(action: PlannedAction, next: PlannedAction | undefined): boolean {
  return next?.workload === action.workload && next.reason === action.reason && next.message === action.message;
}

function count(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? "" : "s"}`;
}
