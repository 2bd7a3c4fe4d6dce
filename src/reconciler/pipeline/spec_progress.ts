/**
 * Progress towards a spec by what belongs to it alone: the instances of a workload that runs forever, or the runs of a job.
 */
import { fingerprint } from "../../model/fingerprint.ts";
import type { Health } from "../../model/instance.ts";
import type { Job, Workload } from "../../model/workload.ts";
import type { JobRun, WorkloadState } from "../../model/workload_state.ts";
import type { InstanceAssessment, InstancePhase } from "./assess_instance.ts";
import { hasRun } from "./job_runs.ts";
import { nextDue } from "./next_run.ts";

interface CommonProgress {
  /** Nothing is left to do for the spec. */
  isSynced: boolean;
  phase: InstancePhase;
  health: Health;
}

/** Progress of the instances of a workload that runs forever. */
export interface InstancesProgress extends CommonProgress {
  type: "instances";
  /** Every slot has exactly one instance of the spec, with its files, and there is no other instance. */
  matchesSpec: boolean;
  /** First drift, unless the drift policy ignores it; null for none. */
  drift: string | null;
  /** Instance in the worst phase; null when its slot is empty, or there is no slot. */
  worst: InstanceAssessment | null;
}

/** Progress of a job. Between runs it has no instances. */
export interface JobProgress extends CommonProgress {
  type: "job";
  step: "operating" | "running" | "not-run" | "succeeded" | "stopped" | "replaced" | "retrying" | "failed";
  /** Last run that was not skipped; null for none. */
  last: JobRun | null;
  /** Next due time, in ms since 1970; null for none. */
  nextAt: number | null;
}

export type SpecProgress = InstancesProgress | JobProgress;

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

export function instancesProgress(spec: Workload, instances: readonly InstanceAssessment[]): InstancesProgress {
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

export interface JobProgressInput {
  instances: readonly InstanceAssessment[];
  state: WorkloadState | undefined;
  /** An operation of the workload is under way. */
  isOperating: boolean;
  now: number;
}

/** A job with a schedule is synced while it waits for its next run; one without, once it has run as it is now. */
export function jobProgress(
  spec: Workload,
  job: Job,
  { instances, state, isOperating, now }: JobProgressInput,
): JobProgress {
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
