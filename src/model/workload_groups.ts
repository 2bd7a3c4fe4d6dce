/** Questions about the status of a workload, and the groups in which page and command line show workloads. */
import type { Phase, WorkloadStatus } from "./snapshot.ts";

/** Returns whether git changes nothing of it, by its manifest or by an override. A rollback of the operator is neither. */
export function isSuspendedStatus({ sync, override, refused }: WorkloadStatus): boolean {
  return override !== null || (sync === "suspended" && refused?.by !== "owner");
}

/** Whether git's wish is not done here, and what was before goes on until a person changes something. */
export function isGated({ reason }: WorkloadStatus): boolean {
  return reason === "policy_denied" || reason === "secret_unresolved";
}

/** Whether it runs to completion. Between its runs there is nothing of it, and that is no news. */
export function isJob({ runs, next_run_at }: WorkloadStatus): boolean {
  return runs.length > 0 || next_run_at !== null;
}

/** "service", "job", "deployment" */
export function kindLabel(workload: WorkloadStatus): string {
  return isJob(workload) ? "job" : workload.kind;
}

/** What needs somebody, what only needs time, and what is as the repository asks. */
export interface Groups {
  attention: WorkloadStatus[];
  moving: WorkloadStatus[];
  well: WorkloadStatus[];
}

/** Each in the order in which they came. */
export function groups(workloads: readonly WorkloadStatus[]): Groups {
  const well = workloads.filter(isWell);
  const moving = workloads.filter(isMoving);
  return {
    well,
    moving,
    attention: workloads.filter((workload) => !well.includes(workload) && !moving.includes(workload)),
  };
}

const FAILING: ReadonlySet<Phase> = new Set(["failed", "backoff", "degraded", "blocked"]);

function isWell(workload: WorkloadStatus): boolean {
  if (isGated(workload)) return false;
  if (workload.health === "unhealthy" || FAILING.has(workload.phase)) return false;
  return isSuspendedStatus(workload) || workload.phase === "completed" || workload.phase === "stopped" ||
    workload.reason === "scheduled" || (workload.phase === "running" && workload.health === "healthy");
}

/** Of a run of a job, and of what was just started, nobody can say yet. */
function isMoving(workload: WorkloadStatus): boolean {
  return !isWell(workload) &&
    (["pending", "starting", "stopping"].includes(workload.phase) ||
      (workload.phase === "running" && workload.health === "unknown"));
}
