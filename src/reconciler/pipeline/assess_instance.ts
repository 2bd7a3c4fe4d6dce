/**
 * Assessment of instances: everything that stages and status need to know about one instance, computed once per plan.
 * An assessment holds for one spec, since health checks, restart policy and drift policy come from it. A workload has
 * exactly one spec that counts, so that its name and the instance's id identify an assessment. Only the rollout stage
 * knows a second spec, that of the stable version that it rolls back to, and returns the assessments of the one it chose.
 */
import { fingerprint as fingerprintOf } from "../../model/fingerprint.ts";
import type { SlotState, WorkloadState } from "../../model/workload_state.ts";
import { type Health, type Instance, isAlive } from "../../model/instance.ts";
import type { Workload } from "../../model/workload.ts";
import { describeExit } from "./describe_exit.ts";
import { delayUntil } from "./elapsed.ts";
import { detectManualChange } from "./drift_repair.ts";
import { specOfOldFiles } from "./file_reload.ts";
import { instanceHealth, type ProbedHealths } from "./instance_health.ts";
import { isSuccess, restartAfter, type RestartDecision, restartOfUnhealthy } from "./restart/restart_decision.ts";

/** Phase of one instance, from the point of view of its spec. */
export type InstancePhase =
  | "pending"
  | "starting"
  | "running"
  | "degraded"
  | "backoff"
  | "stopping"
  | "stopped"
  | "completed"
  | "failed";

export interface InstanceAssessment {
  instance: Instance;
  /** The instance runs the spec: same runtime, same fingerprint. */
  isCurrent: boolean;
  /** Health by its checks, whatever its state. */
  health: Health;
  /** Time when `health` may change without a new observation; null for never. */
  healthWakeAt: number | null;
  /** Healthy, or completed: its predecessor is not needed any more. */
  isReady: boolean;
  /** Next start by the restart policy: after its exit, or while it runs in place of an unhealthy instance. */
  restart: RestartDecision;
  /** Time until which the restart is delayed; null when it is due, or when there is none. */
  restartDelayedUntil: number | null;
  /** The instance has been healthy since this daemon started, by its probe. */
  hasBeenHealthy: boolean;
  /** The program ended with one of its success codes. */
  hasSucceeded: boolean;
  /** End of the instance as the rest of a sentence ("ended with exit code 7"); empty while it is alive. */
  exit: string;
  /** Change by hand since its start, in a sentence; null for none. Independent of the drift policy. */
  drift: string | null;
  /** Last applied spec, when the instance still has its files instead of those of the spec; null otherwise. */
  oldFiles: Workload | null;
  /** State of its slot; null when that belongs to another fingerprint. */
  slotState: SlotState | null;
  phase: InstancePhase;
  /** Health as it counts for the workload: an instance that ended is unhealthy unless it completed. */
  phaseHealth: Health;
}

export interface AssessInput {
  /** Instances of the workload, in a fixed order. */
  instances: readonly Instance[];
  state: WorkloadState | undefined;
  probedHealth: ProbedHealths;
  now: number;
}

/** Assesses all instances of a workload against `spec`, in the order in which they are given. */
export function assessInstances(
  spec: Workload,
  { instances, state, probedHealth, now }: AssessInput,
): InstanceAssessment[] {
  return instances.map((instance) => assessInstance(spec, { instance, state, probedHealth, now }));
}

function assessInstance(
  spec: Workload,
  { instance, state, probedHealth, now }: Omit<AssessInput, "instances"> & { instance: Instance },
): InstanceAssessment {
  const known = state?.slots[instance.slot];
  const slotState = known?.fingerprint === instance.fingerprint ? known : null;
  const { health, wakeAt } = instanceHealth({ spec, instance, probedHealth, now });
  const decide = instance.state === "running" ? restartOfUnhealthy : restartAfter;
  const restart = decide(spec.restart, instance, known);
  const restartDelayedUntil = restart.type === "again" ? delayUntil(restart.at, { from: restart.from, now }) : null;
  const { phase, phaseHealth } = phaseOf(spec, { instance, health, restart, restartDelayedUntil, slotState });
  return {
    instance,
    isCurrent: instance.runtime === spec.runtime && instance.fingerprint === fingerprintOf(spec),
    health,
    healthWakeAt: wakeAt,
    isReady: instance.state === "exited"
      ? restart.type === "completed"
      : instance.state === "running" && health === "healthy",
    restart,
    restartDelayedUntil,
    hasBeenHealthy: probedHealth.get(instance.id)?.hasBeenHealthy === true,
    hasSucceeded: instance.state === "exited" && isSuccess(spec.restart, instance),
    exit: isAlive(instance) ? "" : describeExit(instance),
    drift: detectManualChange(instance),
    oldFiles: specOfOldFiles(spec, { instance, state }),
    slotState,
    phase,
    phaseHealth,
  };
}

type Phased = Pick<InstanceAssessment, "phase" | "phaseHealth">;

function phaseOf(
  spec: Workload,
  { instance, health, restart, restartDelayedUntil, slotState }: Pick<
    InstanceAssessment,
    "instance" | "health" | "restart" | "restartDelayedUntil" | "slotState"
  >,
): Phased {
  switch (instance.state) {
    case "created":
      return { phase: "pending", phaseHealth: "unknown" };
    case "stopping":
      return { phase: "stopping", phaseHealth: "unknown" };
    case "paused":
      return { phase: "degraded", phaseHealth: "unknown" };
    case "exited":
      if (!spec.enabled) return { phase: "stopped", phaseHealth: "unknown" };
      if (slotState?.halted !== undefined) return { phase: "failed", phaseHealth: "unhealthy" };
      if (restart.type === "completed") return { phase: "completed", phaseHealth: "unknown" };
      if (restart.type === "failed") return { phase: "failed", phaseHealth: "unhealthy" };
      return { phase: restartDelayedUntil === null ? "pending" : "backoff", phaseHealth: "unhealthy" };
    case "running":
      if (spec.job !== null) return { phase: "running", phaseHealth: "unknown" };
      return { phase: RUNNING_PHASES[health], phaseHealth: health };
  }
}

const RUNNING_PHASES: Record<Health, InstancePhase> = {
  healthy: "running",
  unhealthy: "degraded",
  unknown: "starting",
};
