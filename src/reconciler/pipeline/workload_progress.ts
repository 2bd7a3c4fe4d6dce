/**
 * Progress of one workload: how far its instances, or the runs of a job, are from its spec, and the circumstance that
 * decides what follows. What is persisted and what status shows are both derived from it.
 */
import type { InvalidManifest } from "../../model/desired.ts";
import { fingerprint } from "../../model/fingerprint.ts";
import type { Health, Observation } from "../../model/instance.ts";
import type { Override } from "../../model/override.ts";
import { NO_ROLLOUTS, type QuarantinedSpec, type RolloutState } from "../../model/rollout.ts";
import type { Job, RuntimeName, Workload } from "../../model/workload.ts";
import type { JobRun, WorkloadState } from "../../model/workload_state.ts";
import type { Cause } from "./action.ts";
import type { InstanceAssessment, InstancePhase } from "./assess_instance.ts";
import type { Blocked, Gated } from "./blocked.ts";
import { hasRun } from "./job_runs.ts";
import { nextDue } from "./next_run.ts";
import type { ResolvedWorkload } from "./resolved_workload.ts";
import type { RetryState } from "./retry_state.ts";

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
export type WorkloadSync = "synced" | "out-of-sync" | "suspended" | "held" | "unknown";

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

interface OwnProgress {
  /** Nothing is left to do for the spec. */
  isSynced: boolean;
  phase: InstancePhase;
  health: Health;
}

/** Progress of the instances of a workload that runs forever. */
export interface InstancesProgress extends OwnProgress {
  type: "instances";
  /** Every slot has exactly one instance of the spec, with its files, and there is no other instance. */
  matchesSpec: boolean;
  /** First drift, unless the drift policy ignores it; null for none. */
  drift: string | null;
  /** Instance in the worst phase; null when its slot is empty, or there is no slot. */
  worst: InstanceAssessment | null;
}

/** Progress of a job. Between runs it has no instances. */
export interface JobProgress extends OwnProgress {
  type: "job";
  step: "operating" | "running" | "not-run" | "succeeded" | "stopped" | "replaced" | "retrying" | "failed";
  /** Last run that was not skipped; null for none. */
  last: JobRun | null;
  /** Next due time, in ms since 1970; null for none. */
  nextAt: number | null;
}

export interface WorkloadProgress {
  workload: ResolvedWorkload;
  /** Assessed instances, sorted by slot and start. */
  instances: readonly InstanceAssessment[];
  rollouts: RolloutState;
  circumstance: Circumstance;
  /** Git changes nothing of the workload, because the operator or its manifest suspends it. */
  isSuspended: boolean;
  /** Progress of its instances or runs, whatever the circumstance; null while its spec or its instances are unknown. */
  own: InstancesProgress | JobProgress | null;
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
  { spec, own, rollouts }: { spec: Workload; own: OwnProgress; rollouts: RolloutState },
): Circumstance {
  const { invalid, gated, override, rollout } = workload;
  if (invalid !== null) return { type: "invalid", invalid };
  if (override !== null && override.action !== "hold" && !isOperating) return { type: "overridden", override };
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
function needsAction({ isSynced, phase }: OwnProgress, { job }: Workload): boolean {
  if (!isSynced || phase === "pending" || phase === "backoff") return true;
  // Between its runs a job needs nothing: only the failed operation tells that the next run could not begin.
  return job !== null && phase !== "running" && phase !== "stopping";
}

function withOwn(
  circumstance: Circumstance,
  { isSynced, phase, health }: OwnProgress,
): Pick<WorkloadProgress, "sync" | "phase" | "health"> {
  const sync = isSynced ? "synced" : "out-of-sync";
  switch (circumstance.type) {
    case "invalid":
      return { sync: "out-of-sync", phase: "invalid", health };
    case "overridden":
      return { sync: "held", phase, health };
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
  return override === null ? frozen !== undefined : override.action === "hold";
}

/** A workload without an applied spec is not started again, whatever its restart policy says. */
function whenSuspended(
  { override, frozen }: ResolvedWorkload,
  { phase, health }: Pick<WorkloadProgress, "phase" | "health">,
): Pick<WorkloadProgress, "sync" | "phase" | "health"> {
  const hasFailed = frozen === "untouched" && phase === "backoff";
  return { sync: override === null ? "suspended" : "held", phase: hasFailed ? "failed" : phase, health };
}

/** What runs in place of the desired spec never counts as synced. */
function whenRolledBack(
  { target, by, state }: QuarantinedSpec,
  { phase, health }: Pick<OwnProgress, "phase" | "health">,
): Pick<WorkloadProgress, "sync" | "phase"> {
  if (target === "") return { sync: "out-of-sync", phase: phase === "stopped" ? "rolled-back" : phase };
  if (by === "owner") return { sync: "held", phase };
  if (state === "failed" && health !== "healthy") return { sync: "out-of-sync", phase: "failed" };
  return { sync: "out-of-sync", phase: phase === "running" || phase === "completed" ? "rolled-back" : phase };
}

/** The worst phase of all slots is that of the workload; from the worst to the best. */
const WORST_FIRST: readonly InstancePhase[] = [
  "failed",
  "backoff",
  "degraded",
  "stopping",
  "pending",
  "starting",
  "running",
  "completed",
  "stopped",
];

function instancesProgress(spec: Workload, instances: readonly InstanceAssessment[]): InstancesProgress {
  const replicas = spec.enabled ? spec.replicas : 0;
  const isMatch = matchesSpec(instances, replicas);
  const drift = spec.drift === "off" ? null : instances.find((assessed) => assessed.drift !== null)?.drift ?? null;
  const shared = { type: "instances" as const, isSynced: isMatch && drift === null, matchesSpec: isMatch, drift };
  if (replicas === 0) {
    return { ...shared, phase: instances.length === 0 ? "stopped" : "stopping", health: "unknown", worst: null };
  }
  const slots = Array.from({ length: replicas }, (_, slot) => slotProgress(slot, spec, instances));
  const phase = WORST_FIRST.find((candidate) => slots.some((slot) => slot.phase === candidate)) ?? "pending";
  const health = slots.some((slot) => slot.health === "unhealthy")
    ? "unhealthy"
    : slots.every((slot) => slot.health === "healthy")
    ? "healthy"
    : "unknown";
  return { ...shared, phase, health, worst: slots.find((slot) => slot.phase === phase)!.assessed };
}

function slotProgress(
  slot: number,
  spec: Workload,
  instances: readonly InstanceAssessment[],
): { assessed: InstanceAssessment | null; phase: InstancePhase; health: Health } {
  const own = instances.filter(({ instance }) => instance.slot === slot && instance.runtime === spec.runtime);
  // A canary decides, not the old instance beside it.
  const assessed = own.find(({ isCurrent }) => isCurrent) ?? own[0] ?? null;
  if (assessed === null) return { assessed, phase: "pending", health: "unknown" };
  return { assessed, phase: assessed.phase, health: assessed.phaseHealth };
}

function matchesSpec(instances: readonly InstanceAssessment[], replicas: number): boolean {
  const slots = new Set(instances.map(({ instance }) => instance.slot));
  return instances.length === replicas && slots.size === replicas &&
    instances.every(({ instance, isCurrent, oldFiles }) => isCurrent && instance.slot < replicas && oldFiles === null);
}

/** A job with a schedule is synced while it waits for its next run; one without, once it has run as it is now. */
function jobProgress(spec: Workload, job: Job, { instances, state, isOperating, now }: ProgressInput): JobProgress {
  const last = state?.job?.runs.findLast((run) => run.outcome !== "skipped") ?? null;
  const isDone = hasRun(last ?? undefined, fingerprint(spec));
  const isSynced = job.schedule !== null || isDone;
  const shared = { type: "job" as const, isSynced, last, nextAt: nextDue(job, now) };
  if (isOperating) return { ...shared, step: "operating", phase: "starting", health: "unknown" };
  const running = instances.find(({ instance }) => instance.state === "running" || instance.state === "stopping");
  if (running !== undefined) {
    const phase = running.instance.state === "running" ? "running" : "stopping";
    return { ...shared, step: "running", phase, health: "unknown" };
  }
  if (last === null || (job.schedule === null && !isDone)) {
    return { ...shared, step: "not-run", phase: "pending", health: "unknown" };
  }
  switch (last.outcome) {
    case "succeeded":
      return { ...shared, step: "succeeded", phase: "completed", health: "healthy" };
    case "stopped":
    case "replaced":
      return { ...shared, step: last.outcome, phase: "pending", health: "unknown" };
    case "failed": {
      const failed = instances.find(({ instance }) => instance.id === last.instanceId && instance.state === "exited");
      if (failed?.restart.type !== "again") break;
      return { ...shared, step: "retrying", phase: "backoff", health: "unhealthy" };
    }
  }
  return { ...shared, step: "failed", phase: "failed", health: "unhealthy" };
}
