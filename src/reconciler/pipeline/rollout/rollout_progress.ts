/** Progress of a rollout: complete, waiting for something, or failed. */
import { isOfDisk } from "../../../failure.ts";
import { durationText } from "../../../model/duration.ts";
import type { Instance } from "../../../model/instance.ts";
import type { Workload } from "../../../model/workload.ts";
import type { Cause } from "../action.ts";
import type { InstanceAssessment } from "../assess_instance.ts";
import { earliest } from "../earliest.ts";
import { type ClockReading, monotonicStart } from "../elapsed.ts";
import type { RetryState } from "../retry_state.ts";

export interface ProgressInput extends ClockReading {
  spec: Workload;
  fingerprint: string;
  /** All instances of the workload, assessed against `spec`. */
  instances: readonly InstanceAssessment[];
  retry: RetryState | undefined;
}

export type RolloutProgress =
  /** Every slot has its instance, healthy and steady, and no other instance is left. */
  | { type: "complete" }
  /** `missing` names what is not as the spec asks. `isHealthy`: the instances only have to keep running for longer. */
  | { type: "waiting"; missing: string; wakeAt: number | null; isHealthy: boolean }
  /** Nothing that HarborNode does will make it healthy. */
  | Cause & { type: "failed" };

type Waiting = RolloutProgress & { type: "waiting" };

/**
 * Exits of one slot that count as a crash loop, even before the deadline: about a quarter of a minute with the default
 * delays, and as many starts as systemd tries (StartLimitBurst=5, systemd.unit(5)).
 */
const MAX_EXITS = 5;
const MAX_FAILED_STARTS = 3;

export function rolloutProgress(input: ProgressInput): RolloutProgress {
  const { spec, fingerprint, instances, retry } = input;
  if (retry !== undefined && retry.fingerprint === fingerprint) {
    // A disk that cannot be written says nothing about the spec.
    const hasFailed = retry.isFinal || (retry.failures >= MAX_FAILED_STARTS && !isOfDisk(retry.reason));
    if (hasFailed) {
      return { type: "failed", reason: retry.reason, message: retry.message };
    }
  }
  const slots = Array.from({ length: spec.replicas }, (_, slot) => slotProgress(slot, input));
  const failed = slots.find((slot) => slot.type === "failed");
  if (failed !== undefined) return failed;
  const waiting = slots.filter((slot) => slot.type === "waiting");
  if (waiting.length > 0) return joinWaiting(waiting);
  return instances.length === spec.replicas ? { type: "complete" } : wait("others of it are still here");
}

function slotProgress(slot: number, input: ProgressInput): RolloutProgress {
  const { spec, instances } = input;
  const current = instances.find(({ instance, isCurrent }) => isCurrent && instance.slot === slot);
  if (current === undefined) return wait(`${spec.name}[${slot}] is not started yet`);
  return instanceProgress(current, input);
}

function instanceProgress(assessed: InstanceAssessment, input: ProgressInput): RolloutProgress {
  const { spec, now } = input;
  const { instance, slotState, health, healthWakeAt } = assessed;
  const name = `${instance.workload}[${instance.slot}]`;
  if (slotState?.halted !== undefined) {
    return {
      type: "failed",
      reason: slotState.halted,
      message: `${name} was stopped: it did not pass its health check`,
    };
  }
  if (instance.state === "exited") return exitProgress(assessed, name);
  if (instance.state !== "running") return wait(`${name} is ${instance.state}`);
  if (health === "unhealthy") return wait(`${name} does not pass its health check`);
  if (health === "unknown") return wait(`${name} is not known to be healthy`, healthWakeAt);
  if (instance.canary === true) return wait(`${name} is not found by others yet`);
  const steadyAt = steadySince(instance, spec, input);
  if (steadyAt <= now) return { type: "complete" };
  const missing = `${name} has run for less than ${durationText(spec.restart.resetAfterMs)}`;
  return { type: "waiting", missing, wakeAt: steadyAt, isHealthy: true };
}

function exitProgress({ restart, exit, slotState }: InstanceAssessment, name: string): RolloutProgress {
  if (restart.type === "completed") return { type: "complete" };
  const message = `${name} ${exit}`;
  if (restart.type === "failed") {
    return { type: "failed", reason: restart.because === "limit" ? "restart_limit" : "exit_nonzero", message };
  }
  const exits = (slotState?.restarts ?? 0) + 1;
  return exits < MAX_EXITS
    ? wait(message)
    : { type: "failed", reason: "crash_loop", message: `${message}, ${exits} times` };
}

/** Without any health check, only the time for which an instance has run tells whether it works. */
function steadySince(
  { startedAt, runtimeHealth }: Instance,
  { health, restart }: Workload,
  clock: ClockReading,
): number {
  if (health !== null || runtimeHealth !== null) return 0;
  return monotonicStart(startedAt ?? 0, clock) + restart.resetAfterMs;
}

function wait(missing: string, wakeAt: number | null = null): Waiting {
  return { type: "waiting", missing, wakeAt, isHealthy: false };
}

/** The first slot that is not healthy speaks for the rollout, else the last one. */
function joinWaiting(slots: readonly Waiting[]): Waiting {
  const speaker = slots.find((slot) => !slot.isHealthy) ?? slots.at(-1)!;
  return { ...speaker, wakeAt: earliest(...slots.map((slot) => slot.wakeAt)) };
}
