/** Has the device come to rest after a change, and how. */
import type { SyncOutcome } from "../http/control_app.ts";
import type { WorkloadStatus } from "../model/snapshot.ts";
import { isGated, isSuspendedStatus } from "../model/workload_groups.ts";
import type { OperationDeps } from "./operation_deps.ts";
import { shortId } from "../model/git_ref.ts";

/** Phases that do not change by themselves any more, or change so slowly that a person should not wait for them. */
const AT_REST = new Set([
  "running",
  "completed",
  "stopped",
  "failed",
  "blocked",
  "invalid",
  "degraded",
  "backoff",
  "rolled-back",
]);

/** Null while something is still under way. */
export function syncOutcome(
  { feed, sync, reconciler, executor }: Pick<OperationDeps, "feed" | "sync" | "reconciler" | "executor">,
): SyncOutcome | null {
  const { desired, status: { error, delayed } } = sync;
  const snapshot = feed.published;
  const revision = desired?.revision ?? null;
  if (error !== null) return { ok: false, revision, message: error.message, hint: error.hint };
  if (desired === null || reconciler.planned !== desired) return null;
  if (executor.operations.size > 0 || reconciler.plan.actions.length > 0) return null;
  if (!snapshot.workloads.every(isAtRest)) return null;
  const bad = snapshot.workloads.filter((workload) => !isSettledWell(workload));
  const count = snapshot.workloads.length;
  const all = count === 1 ? "the workload is" : `all ${count} workloads are`;
  const at = shortId(desired.revision);
  const pending = snapshot.pending_removal;
  const later = snapshot.workloads.filter((workload) => workload.reason === "outside_window");
  if (bad.length === 0 && later.length === 0 && pending === null) {
    const newer = delayed === null ? "" : `${delayed.message}; `;
    return { ok: true, revision, message: `${newer}revision ${at} is applied, ${all} healthy`, hint: null };
  }
  const sentences = bad.map((workload) => `${workload.name}: ${workload.phase}, ${workload.message}`);
  sentences.push(...later.map((workload) => `${workload.name}: ${workload.message}`));
  if (pending !== null) sentences.push(`removal of ${pending.names.join(", ")} is pending: ${pending.message}`);
  const hint = pending === null ? null : 'run "harbornode prune --confirm" to remove them';
  return { ok: bad.length === 0, revision, message: sentences.join("; "), hint };
}

/** What is healthy for a moment is no success before its rollout has come to its end, and what may go back will. */
function isAtRest(workload: WorkloadStatus): boolean {
  const isOpen = workload.phase === "running" || workload.versions.length > 0;
  if (isSuspendedStatus(workload) || isGated(workload) || workload.reason === "outside_window") {
    return workload.phase !== "stopping";
  }
  const waits = workload.reason === "dependency_not_ready";
  if (workload.rollout !== null && isOpen && !waits) return false;
  return workload.reason === "scheduled" || workload.reason === "dependency_not_ready" ||
    (AT_REST.has(workload.phase) && !(workload.phase === "running" && workload.sync === "out-of-sync"));
}

function isSettledWell(workload: WorkloadStatus): boolean {
  if (isGated(workload)) return false;
  return isSuspendedStatus(workload) || workload.reason === "scheduled" || workload.phase === "completed" ||
    workload.phase === "stopped" ||
    (workload.phase === "running" && workload.health === "healthy");
}
