/**
 * Stage after the plan: progress of the desired revision. Decides which specs are in place, whether the revision is
 * applied and healthy, and whether everything has come to rest.
 */
import type { Observation } from "../../model/instance.ts";
import type { ReasonCode } from "../../model/reason.ts";
import type { RuntimeName } from "../../model/workload.ts";
import type { WorkloadState } from "../../model/workload_state.ts";
import type { Plan } from "./plan.ts";
import type { RetryState } from "./retry_state.ts";
import { type WorkloadPhase, type WorkloadProgress, workloadProgress } from "./workload_progress.ts";

export interface RevisionProgressInput {
  plan: Pick<Plan, "workloads" | "assessments" | "waiting" | "actions" | "pendingRemoval">;
  observations: readonly Observation[];
  enabledRuntimes: readonly RuntimeName[];
  /** Workload states, with the changes that the plan made. */
  states: ReadonlyMap<string, WorkloadState>;
  retries: ReadonlyMap<string, RetryState>;
  /** Workloads with an operation under way. */
  operating: ReadonlySet<string>;
  now: number;
}

export interface RevisionProgress {
  /** In the order of the plan. */
  workloads: readonly WorkloadProgress[];
  /** Names of the workloads whose spec is in place and may be recorded as applied. */
  appliedSpecs: ReadonlySet<string>;
  /** All workloads are as the revision asks, and nothing is left to do. */
  isApplied: boolean;
  /** The revision is applied, and all workloads are healthy or done. */
  isHealthy: boolean;
  /** A workload was rolled back, and not by the operator. */
  isRolledBack: boolean;
  /** No workload changes without a change in git, or only after so long that nobody should wait for it. */
  isAtRest: boolean;
  /** Names of the workloads that are neither healthy nor done. */
  unwell: ReadonlySet<string>;
  /** Names of the workloads with a change that waits for a maintenance window. */
  outsideWindow: ReadonlySet<string>;
}

export const NO_PROGRESS: RevisionProgress = {
  workloads: [],
  appliedSpecs: new Set(),
  isApplied: false,
  isHealthy: false,
  isRolledBack: false,
  isAtRest: false,
  unwell: new Set(),
  outsideWindow: new Set(),
};

export function revisionProgress(input: RevisionProgressInput): RevisionProgress {
  const { plan, observations, enabledRuntimes, states, retries, operating, now } = input;
  const workloads = plan.workloads.map((workload) =>
    workloadProgress({
      workload,
      instances: plan.assessments.get(workload.name) ?? [],
      observations,
      enabledRuntimes,
      state: states.get(workload.name),
      retry: retries.get(workload.name),
      waiting: plan.waiting.get(workload.name) ?? null,
      isOperating: operating.has(workload.name),
      now,
    })
  );
  const isIdle = plan.actions.length === 0 && operating.size === 0;
  const isApplied = isIdle && plan.pendingRemoval === null && workloads.every(isSettled);
  const namesOf = (matches: (progress: WorkloadProgress) => boolean) =>
    new Set(workloads.filter(matches).map(({ workload }) => workload.name));
  return {
    workloads,
    appliedSpecs: namesOf((progress) => !operating.has(progress.workload.name) && isSpecInPlace(progress)),
    isApplied,
    isHealthy: isApplied && workloads.every(isHealthy),
    isRolledBack: workloads.some(({ rollouts: { refused } }) => refused !== undefined && refused.by !== "owner"),
    isAtRest: isIdle && workloads.every(isAtRest),
    unwell: namesOf((progress) => !isWell(progress)),
    outsideWindow: namesOf((progress) => blockingReason(progress) === "outside_window"),
  };
}

/** True when the spec may be recorded as applied. It need not be the desired one: a stable version is applied, too. */
function isSpecInPlace({ workload, own, sync }: WorkloadProgress): boolean {
  const { spec, invalid, override, frozen, revision } = workload;
  if (spec === null || own === null || invalid !== null || override !== null || revision === null) return false;
  if (frozen !== undefined) return false;
  if (spec.job !== null) return sync === "synced";
  return own.type === "instances" && own.matchesSpec;
}

/** True when the operator decides about the workload, or nobody does: git changes nothing of it. */
function isExempt({ workload, isSuspended }: WorkloadProgress): boolean {
  return workload.override !== null || isSuspended;
}

/** Returns whether a rollout of the workload is under way. */
export function isRolloutOpen({ workload, rollouts: { underWay } }: WorkloadProgress): boolean {
  return workload.spec !== null && underWay !== undefined && underWay.failed === undefined;
}

function runsHealthy({ phase, health }: WorkloadProgress): boolean {
  return phase === "running" && health === "healthy";
}

function isSettled(progress: WorkloadProgress): boolean {
  return isExempt(progress) ||
    (progress.sync === "synced" && (!isRolloutOpen(progress) || runsHealthy(progress)));
}

function isHealthy(progress: WorkloadProgress): boolean {
  const { phase } = progress;
  return isExempt(progress) ||
    (!isRolloutOpen(progress) && (runsHealthy(progress) || phase === "completed" || phase === "stopped"));
}

/** Phases that do not end by themselves, or so late that nobody should wait for that. */
const PHASES_AT_REST: ReadonlySet<WorkloadPhase> = new Set([
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

function isAtRest(progress: WorkloadProgress): boolean {
  const { phase, sync, rollouts } = progress;
  const reason = blockingReason(progress);
  if (isExempt(progress) || waitsForPerson(progress) || reason === "outside_window") return phase !== "stopping";
  if (reason === "dependency_not_ready") return true;
  // A healthy instance is no success before its rollout is complete, and a failed rollout with a stable version will be
  // rolled back.
  if (isRolloutOpen(progress) && (phase === "running" || rollouts.versions.length > 0)) return false;
  return isScheduled(progress) || (PHASES_AT_REST.has(phase) && !(phase === "running" && sync === "out-of-sync"));
}

function isWell(progress: WorkloadProgress): boolean {
  if (waitsForPerson(progress)) return false;
  const { phase } = progress;
  return isExempt(progress) || isScheduled(progress) || phase === "completed" || phase === "stopped" ||
    runsHealthy(progress);
}

/** True when the policy or a missing secret keeps the workload as it was, until a person changes something. */
function waitsForPerson(progress: WorkloadProgress): boolean {
  const reason = blockingReason(progress);
  return reason === "policy_denied" || reason === "secret_unresolved";
}

/** True for a job that only waits for its next run. */
function isScheduled({ circumstance, own }: WorkloadProgress): boolean {
  if (circumstance.type !== "normal" || own?.type !== "job") return false;
  return own.step === "stopped" || (own.step === "not-run" && own.nextAt !== null);
}

/** Reason code of what keeps the workload from its spec; null when nothing does. */
function blockingReason({ circumstance }: WorkloadProgress): ReasonCode | null {
  switch (circumstance.type) {
    case "never-applied":
      return circumstance.gated?.reason ?? null;
    case "gated":
      return circumstance.gated.reason;
    case "retrying":
      return circumstance.retry.reason;
    case "waiting":
      return circumstance.blocked.reason;
    case "rollout-failed":
      return circumstance.failure.reason;
    default:
      return null;
  }
}
