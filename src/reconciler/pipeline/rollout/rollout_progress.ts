/** How the instances of one spec stand: all of them as they should be, on the way, or without hope. */
import { isOfDisk } from "../../../failure.ts";
import { durationText } from "../../../model/duration.ts";
import type { SlotState } from "../../../model/workload_state.ts";
import type { Instance } from "../../../model/instance.ts";
import type { ReasonCode } from "../../../model/reason.ts";
import type { Workload } from "../../../model/workload.ts";
import { monotonicStart } from "../elapsed.ts";
import { describeExit } from "../describe_exit.ts";
import { healthOf, type ProbedHealths } from "../instance_health.ts";
import type { RetryState } from "../retry_state.ts";
import { restartAfter } from "../restart/restart_decision.ts";

export interface ProgressInput {
  spec: Workload;
  fingerprint: string;
  /** All instances of the workload. */
  instances: readonly Instance[];
  slots: Readonly<Record<string, SlotState>>;
  retry: RetryState | undefined;
  probedHealth: ProbedHealths;
  now: number;
  /** As in `ClockReading`. */
  clockSetAt?: number | undefined;
}

export type RolloutProgress =
  /** Every slot has its instance, healthy and steady, and nothing else is here. */
  | { type: "healthy" }
  /**
   * `missing` says what is not as it should be. `wakeAt`: when this may be another answer. `isHealthy`: only time is
   * missing.
   */
  | { type: "waiting"; missing: string; wakeAt: number | null; isHealthy: boolean }
  /** Nothing that we do will make it healthy. */
  | { type: "hopeless"; reason: ReasonCode; message: string };

/**
 * So many ends of one slot are a crash loop, though the deadline has not come: with the delays of a manifest that says
 * nothing that is a quarter of a minute, and as long as systemd tries (StartLimitBurst=5, systemd.unit(5)).
 */
const MOST_ENDS = 5;
const MOST_FAILED_STARTS = 3;

export function rolloutProgress(input: ProgressInput): RolloutProgress {
  const { spec, instances, fingerprint } = input;
  const { retry } = input;
  if (retry !== undefined && retry.fingerprint === fingerprint) {
    // A disk that takes nothing says nothing about the spec.
    const isHopeless = retry.isFinal || (retry.failures >= MOST_FAILED_STARTS && !isOfDisk(retry.reason));
    if (isHopeless) {
      return { type: "hopeless", reason: retry.reason, message: retry.message };
    }
  }
  let waiting: RolloutProgress | null = null;
  for (let slot = 0; slot < spec.replicas; slot++) {
    const instance = instances.find((one) => one.slot === slot && isOf(one, input));
    const one = instance === undefined
      ? wait(`${spec.name}[${slot}] is not started yet`)
      : ofInstance(instance, { ...input, slot: input.slots[slot] });
    if (one.type === "hopeless") return one;
    if (one.type === "waiting") waiting = sooner(waiting, one);
  }
  if (waiting !== null) return waiting;
  return instances.length === spec.replicas ? { type: "healthy" } : wait("others of it are still here");
}

function ofInstance(instance: Instance, input: ProgressInput & { slot: SlotState | undefined }): RolloutProgress {
  const { spec, now, probedHealth } = input;
  const name = `${instance.workload}[${instance.slot}]`;
  const slot = input.slot?.fingerprint === instance.fingerprint ? input.slot : undefined;
  if (slot?.halted !== undefined) {
    return { type: "hopeless", reason: slot.halted, message: `${name} was stopped: it did not pass its health check` };
  }
  if (instance.state === "exited") {
    const restart = restartAfter(spec.restart, instance, slot);
    if (restart.type === "completed") return { type: "healthy" };
    const message = `${name} ${describeExit(instance)}`;
    if (restart.type === "failed") {
      const reason = restart.because === "limit" ? "restart_limit" : "exit_nonzero";
      return { type: "hopeless", reason, message };
    }
    const ends = (slot?.restarts ?? 0) + 1;
    if (ends < MOST_ENDS) return wait(message, null);
    return { type: "hopeless", reason: "crash_loop", message: `${message}, ${ends} times` };
  }
  if (instance.state !== "running") return wait(`${name} is ${instance.state}`);
  const { health, wakeAt } = healthOf({ spec, instance, probedHealth, now });
  if (health === "unhealthy") return wait(`${name} does not pass its health check`);
  if (health === "unknown") return wait(`${name} is not known to be healthy`, wakeAt);
  if (instance.canary === true) return wait(`${name} is not found by others yet`);
  const steadyAt = steadySince(instance, spec, input);
  if (steadyAt <= now) return { type: "healthy" };
  const missing = `${name} has run for less than ${durationText(spec.restart.resetAfterMs)}`;
  return { type: "waiting", missing, wakeAt: steadyAt, isHealthy: true };
}

/** Where nothing looks at it, only time tells whether it works. */
function steadySince(
  { startedAt, runtimeHealth }: Instance,
  { health, restart }: Workload,
  { now, clockSetAt = 0 }: Pick<ProgressInput, "now" | "clockSetAt">,
): number {
  if (health !== null || runtimeHealth !== null) return 0;
  return monotonicStart(startedAt ?? 0, { now, clockSetAt }) + restart.resetAfterMs;
}

function isOf(instance: Instance, { spec, fingerprint }: ProgressInput): boolean {
  return instance.runtime === spec.runtime && instance.fingerprint === fingerprint;
}

function wait(missing: string, wakeAt: number | null = null): RolloutProgress & { type: "waiting" } {
  return { type: "waiting", missing, wakeAt, isHealthy: false };
}

function sooner(before: RolloutProgress | null, one: RolloutProgress & { type: "waiting" }): RolloutProgress {
  if (before?.type !== "waiting") return one;
  const times = [before.wakeAt, one.wakeAt].filter((at) => at !== null);
  const wakeAt = times.length === 0 ? null : Math.min(...times);
  return { ...(before.isHealthy ? one : before), wakeAt };
}
