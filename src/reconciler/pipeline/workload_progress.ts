/**
 * Progress of one workload: how far its instances, or the runs of a job, are from its spec, and the circumstance that
 * decides what follows. What is persisted and what status shows are both derived from it.
 */
import type { InvalidManifest } from "../../model/desired.ts";
import { fingerprint } from "../../model/fingerprint.ts";
import type { Health, Observation } from "../../model/instance.ts";
import type { Override } from "../../model/override.ts";
import { NO_ROLLOUTS, type QuarantinedSpec, type RolloutState } from "../../model/rollout.ts";
import type { RuntimeName, Workload } from "../../model/workload.ts";
import type { WorkloadState } from "../../model/workload_state.ts";
import type { Cause } from "./action.ts";
import type { InstanceAssessment, InstancePhase } from "./assess_instance.ts";
import type { Blocked, Gated } from "./blocked.ts";
import type { ResolvedWorkload } from "./resolved_workload.ts";
import type { RetryState } from "./retry_state.ts";
import { instancesProgress, jobProgress, type SpecProgress } from "./spec_progress.ts";

export interface ProgressInput {
  workload: ResolvedWorkload;
  /** Instances of the workload, assessed against its spec. */
  instances: readonly InstanceAssessment[];
  observations: readonly Observation[];
  enabledRuntimes: readonly RuntimeName[];
  state: WorkloadState | undefined;
  retry: RetryState | undefined;
  /** Reason why something that is to be started is not; null for none. */
  waiting: Blocked | null;
  /** An operation of the workload is under way. */
  isOperating: boolean;
  now: number;
}

export type WorkloadPhase = InstancePhase | "blocked" | "invalid" | "rolled-back";
export type WorkloadSync = "synced" | "out-of-sync" | "suspended" | "unknown";

/** The first circumstance that applies decides. */
export type Circumstance =
  /** The manifest is invalid or gated, and nothing was ever applied. */
  | { type: "never-applied"; invalid: InvalidManifest | null; gated: Gated | null }
  | { type: "runtime-disabled"; runtime: RuntimeName }
  /** The runtime could not be observed. `cause` is null before the first observation. */
  | { type: "unobserved"; cause: Cause | null }
  | { type: "invalid"; invalid: InvalidManifest }
  /** Stopped or started by the operator. */
  | { type: "overridden"; override: Override }
  | { type: "gated"; gated: Gated }
  /** A stable version runs in place of the desired spec, or nothing does. */
  | { type: "rolled-back"; quarantined: QuarantinedSpec }
  /** The last operation failed, and a retry follows. */
  | { type: "retrying"; retry: RetryState }
  | { type: "waiting"; blocked: Blocked }
  /** The rollout failed, and there is no stable version to roll back to. */
  | { type: "rollout-failed"; failure: Cause }
  | { type: "normal" };

export interface WorkloadProgress {
  workload: ResolvedWorkload;
  /** Assessed instances, sorted by slot and start. */
  instances: readonly InstanceAssessment[];
  rollouts: RolloutState;
  circumstance: Circumstance;
  /** Git changes nothing of the workload, because the operator or its manifest suspends it. */
  isSuspended: boolean;
  /** Progress of its instances or runs, whatever the circumstance; null while its spec or its instances are unknown. */
  own: SpecProgress | null;
  sync: WorkloadSync;
  phase: WorkloadPhase;
  health: Health;
}

export function workloadProgress(input: ProgressInput): WorkloadProgress {
  const { workload, state } = input;
  const { spec, rollout } = workload;
  // Of two instances in one slot the older one comes first, which the planner keeps.
  const instances = input.instances.toSorted(({ instance: a }, { instance: b }) =>
    a.slot - b.slot || (a.startedAt ?? 0) - (b.startedAt ?? 0)
  );
  const rollouts = rollout?.rollouts ?? state?.rollouts ?? NO_ROLLOUTS;
  const unknown = unknownCircumstance(input);
  if (spec === null || unknown !== null) {
    const circumstance = unknown ?? { type: "never-applied", invalid: workload.invalid, gated: workload.gated };
    return { workload, instances, rollouts, circumstance, isSuspended: false, own: null, ...withoutOwn(circumstance) };
  }
  const own = spec.job !== null && spec.enabled
    ? jobProgress(spec, spec.job, { ...input, instances })
    : instancesProgress(spec, instances);
  const circumstance = circumstanceOf(input, { spec, own, rollouts });
  const isSuspended = circumstance.type !== "invalid" && isSuspendedWorkload(workload);
  const shown = withOwn(circumstance, own);
  return {
    workload,
    instances,
    rollouts,
    circumstance,
    isSuspended,
    own,
    ...(isSuspended ? whenSuspended(workload, shown) : shown),
  };
}

/** Circumstances in which the instances say nothing about the spec. */
function unknownCircumstance({ workload, observations, enabledRuntimes }: ProgressInput): Circumstance | null {
  if (workload.spec === null) return null;
  const { runtime } = workload.spec;
  if (!enabledRuntimes.includes(runtime)) return { type: "runtime-disabled", runtime };
  const observation = observations.find((candidate) => candidate.runtime === runtime);
  if (observation?.ok === true) return null;
  return { type: "unobserved", cause: observation ?? null };
}

function withoutOwn({ type, ...rest }: Circumstance): Pick<WorkloadProgress, "sync" | "phase" | "health"> {
  if (type !== "never-applied") return { sync: "unknown", phase: "blocked", health: "unknown" };
  const isGated = "gated" in rest && rest.gated !== null;
  return { sync: "out-of-sync", phase: isGated ? "blocked" : "invalid", health: "unknown" };
}

function circumstanceOf(
  { workload, retry, waiting, isOperating }: ProgressInput,
  { spec, own, rollouts }: { spec: Workload; own: SpecProgress; rollouts: RolloutState },
): Circumstance {
  const { invalid, gated, override, rollout } = workload;
  if (invalid !== null) return { type: "invalid", invalid };
  if (override !== null && override.action !== "suspend" && !isOperating) return { type: "overridden", override };
  if (gated !== null && !isOperating) return { type: "gated", gated };
  const quarantined = rollout?.quarantined ?? null;
  if (quarantined !== null) return { type: "rolled-back", quarantined };
  if (isOperating) return { type: "normal" };
  if (retry !== undefined && retry.fingerprint === fingerprint(spec) && needsAction(own, spec)) {
    return { type: "retrying", retry };
  }
  if (waiting !== null) return { type: "waiting", blocked: waiting };
  const failure = rollout === null ? undefined : rollouts.underWay?.failed;
  const isSettled = own.phase === "failed" || own.health === "healthy";
  if (failure !== undefined && !isSettled && spec.enabled) return { type: "rollout-failed", failure };
  return { type: "normal" };
}

/** True when something is to be started or changed, so that a failed operation explains why it is not. */
function needsAction({ isSynced, phase }: SpecProgress, { job }: Workload): boolean {
  if (!isSynced || phase === "pending" || phase === "backoff") return true;
  // Between its runs a job needs nothing: only the failed operation tells that the next run could not begin.
  return job !== null && phase !== "running" && phase !== "stopping";
}

function withOwn(
  circumstance: Circumstance,
  { isSynced, phase, health }: SpecProgress,
): Pick<WorkloadProgress, "sync" | "phase" | "health"> {
  const sync = isSynced ? "synced" : "out-of-sync";
  switch (circumstance.type) {
    case "invalid":
      return { sync: "out-of-sync", phase: "invalid", health };
    case "overridden":
      return { sync: "suspended", phase, health };
    case "gated":
      return { sync: "out-of-sync", phase: phase === "pending" ? "blocked" : phase, health };
    case "rolled-back":
      return { ...whenRolledBack(circumstance.quarantined, { phase, health }), health };
    case "retrying":
      // An instance that could not be told of its new files still does its work.
      return { sync, phase: circumstance.retry.reason === "reload_failed" ? "degraded" : "blocked", health };
    case "waiting": {
      // To wait for another workload is part of every start; all else needs somebody to change something.
      const isBlocked = phase === "pending" && circumstance.blocked.reason !== "dependency_not_ready";
      return { sync, phase: isBlocked ? "blocked" : phase, health };
    }
    case "rollout-failed":
      return { sync, phase: "failed", health };
    default:
      return { sync, phase, health };
  }
}

/** An operator's stop or start takes precedence over `suspend = true`. */
function isSuspendedWorkload({ override, frozen }: ResolvedWorkload): boolean {
  return override === null ? frozen !== undefined : override.action === "suspend";
}

/** A workload without an applied spec is not started again, whatever its restart policy says. */
function whenSuspended(
  { frozen }: ResolvedWorkload,
  { phase, health }: Pick<WorkloadProgress, "phase" | "health">,
): Pick<WorkloadProgress, "sync" | "phase" | "health"> {
  const hasFailed = frozen === "untouched" && phase === "backoff";
  return { sync: "suspended", phase: hasFailed ? "failed" : phase, health };
}

/** What runs in place of the desired spec never counts as synced. */
function whenRolledBack(
  { target, by, state }: QuarantinedSpec,
  { phase, health }: Pick<SpecProgress, "phase" | "health">,
): Pick<WorkloadProgress, "sync" | "phase"> {
  if (target === "") return { sync: "out-of-sync", phase: phase === "stopped" ? "rolled-back" : phase };
  if (by === "owner") return { sync: "suspended", phase };
  if (state === "failed" && health !== "healthy") return { sync: "out-of-sync", phase: "failed" };
  return { sync: "out-of-sync", phase: phase === "running" || phase === "completed" ? "rolled-back" : phase };
}
