/** Sync, phase and health of a workload and its instances, each with one sentence why. */
import { durationText } from "../model/duration.ts";
import { fingerprint as fingerprintOf } from "../model/fingerprint.ts";
import type { SlotMemory, WorkloadMemory } from "../model/memory.ts";
import type { Instance, Observation } from "../model/observed.ts";
import type { ReasonCode } from "../model/reason.ts";
import type { Refusal } from "../model/rollout.ts";
import type { Health, Phase, Sync } from "../model/snapshot.ts";
import type { RuntimeName, Workload } from "../model/workload.ts";
import { exitSentence } from "./exit_sentence.ts";
import { withOldFiles } from "./reload.ts";
import type { Blocked } from "./admission.ts";
import type { Effective } from "./effective.ts";
import { healthOf, type Verdicts } from "./health.ts";
import { jobCondition } from "./job/condition.ts";
import type { Attempt } from "./attempt.ts";
import { driftOf } from "./rollout/drift.ts";
import { restartAfter } from "./restart/restart.ts";

export interface Condition {
  sync: Sync;
  phase: Phase;
  health: Health;
  reason: ReasonCode;
  message: string;
  /** One concrete thing to do about it; null when nothing is known. */
  hint: string | null;
}

export interface ConditionInput {
  workload: Effective;
  /** Of this workload. */
  instances: readonly Instance[];
  observations: readonly Observation[];
  enabledRuntimes: readonly RuntimeName[];
  memory: WorkloadMemory | undefined;
  attempt: Attempt | undefined;
  /** What is being done for it right now, like "pulling nginx:1.27: 4 of 60 MB"; null when nothing is. */
  progress: string | null;
  verdicts: Verdicts;
  /** Why something of it that is to be started is not yet; null when nothing waits. */
  waiting: Blocked | null;
  now: number;
}

export interface InstanceCondition {
  phase: Phase;
  health: Health;
}

/** The worst phase of all instances speaks for the workload; from the worst to the best. */
const WORST_FIRST: readonly Phase[] = [
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

export function condition(input: ConditionInput): Condition {
  return { hint: null, ...told(input) };
}

/** Without a hint where there is none. */
type Told = Omit<Condition, "hint"> & Partial<Pick<Condition, "hint">>;

function told(input: ConditionInput): Told {
  const { workload, attempt } = input;
  const { spec, invalid } = workload;
  if (spec === null) return invalidCondition(input, { health: "unknown", stays: "nothing of it was ever applied" });

  const wanted = fingerprintOf(spec);
  const observed = input.observations.find((observation) => observation.runtime === spec.runtime);
  if (!input.enabledRuntimes.includes(spec.runtime)) {
    const message = `the settings switch the ${spec.runtime} runtime off`;
    return { sync: "unknown", phase: "blocked", health: "unknown", reason: "runtime_disabled", message };
  }
  if (observed === undefined || !observed.ok) {
    const { reason, message } = observed ?? { reason: "runtime_unknown" as const, message: "was not looked at yet" };
    return { sync: "unknown", phase: "blocked", health: "unknown", reason, message };
  }

  const overall = spec.job !== null && spec.enabled
    ? jobCondition(input, { spec, job: spec.job, wanted })
    : summary(input, spec, wanted);
  if (invalid !== null) {
    const at = (workload.revision ?? "").slice(0, 7);
    return invalidCondition(input, { health: overall.health, stays: `it stays as revision ${at} has it` });
  }
  if (spec.suspend) {
    return { ...overall, sync: "suspended", reason: "suspended", message: "left alone: suspend = true" };
  }
  const refused = workload.judged?.refused ?? null;
  if (refused !== null) return insteadOf(refused, { overall, revision: workload.revision });
  if (attempt !== undefined && attempt.fingerprint === wanted && input.progress === null && lacks(overall, spec)) {
    // One that could not be told of its new files still does its work.
    const phase = attempt.reason === "reload_failed" ? "degraded" : "blocked";
    return { ...overall, phase, reason: attempt.reason, message: attempt.message, hint: attempt.hint };
  }
  if (input.waiting !== null && input.progress === null) {
    // Waiting for another workload is how things begin; all else needs somebody to change something.
    const phase = input.waiting.reason === "dependency_not_ready" ? "pending" : "blocked";
    const { reason, message } = input.waiting;
    return { ...overall, phase: overall.phase === "pending" ? phase : overall.phase, reason, message };
  }
  const lost = workload.judged?.rollouts.underWay?.failed;
  const isSettled = overall.phase === "failed" || overall.health === "healthy";
  if (lost !== undefined && !isSettled && spec.enabled && input.progress === null) {
    return { ...overall, phase: "failed", ...lost, hint: "nothing was healthy before that it could go back to" };
  }
  return overall;
}

/** What runs in the place of what git asks for is never called a success. */
function insteadOf(
  refused: Refusal,
  { overall, revision }: { overall: Told; revision: string | null },
): Told {
  const { fingerprint, target, by, message, state } = refused;
  if (target === "") {
    const said = { reason: "rolled_back" as const, message: `is not run: ${message}`, hint: "push a change" };
    return {
      ...overall,
      sync: "out-of-sync",
      phase: overall.phase === "stopped" ? "rolled-back" : overall.phase,
      ...said,
    };
  }
  const version = `${target.slice(0, 7)} of revision ${(revision ?? "").slice(0, 7)}`;
  if (by === "owner") {
    const hint = "it follows git again when git asks for something else";
    const held = `held as ${version}: a rollback was asked for on the device`;
    const isGood = overall.phase === "running";
    return { ...overall, sync: "held", ...(isGood ? { reason: "rollback", message: held } : {}), hint };
  }
  const away = { ...overall, sync: "out-of-sync" as const };
  const hint = "push a change of it; what is refused is not tried again";
  if (state === "failed" && overall.health !== "healthy") {
    const both = `${fingerprint.slice(0, 7)} ${message}; ${version} did not become healthy either`;
    return { ...away, phase: "failed", reason: "rolled_back", message: both, hint };
  }
  if (overall.phase !== "running" && overall.phase !== "completed") {
    return { ...away, message: `${overall.message}; it goes back to ${version}`, hint };
  }
  const sentence = `${fingerprint.slice(0, 7)} failed: ${message}; ${version} runs in its place`;
  return { ...away, phase: "rolled-back", reason: "rolled_back", message: sentence, hint };
}

/** Whether something of it is to be started, or changed, so that an attempt which failed tells why it is not. */
function lacks({ sync, phase }: Told, { job }: Workload): boolean {
  if (sync !== "synced" || phase === "pending" || phase === "backoff") return true;
  // Between its runs a job is as asked: only the attempt knows of the run that could not begin.
  return job !== null && phase !== "running" && phase !== "stopping";
}

/** Phase and health of one instance, as its slot in `spec` sees it. */
export function instanceCondition(input: ConditionInput, spec: Workload, instance: Instance): InstanceCondition {
  switch (instance.state) {
    case "created":
      return { phase: "pending", health: "unknown" };
    case "stopping":
      return { phase: "stopping", health: "unknown" };
    case "paused":
      return { phase: "degraded", health: "unknown" };
    case "exited": {
      const slot = input.memory?.slots[instance.slot];
      const restart = restartAfter(spec.restart, instance, slot);
      if (!spec.enabled) return { phase: "stopped", health: "unknown" };
      if (isHalted(slot, instance)) return { phase: "failed", health: "unhealthy" };
      if (restart.type === "completed") return { phase: "completed", health: "unknown" };
      if (restart.type === "failed") return { phase: "failed", health: "unhealthy" };
      return { phase: restart.at > input.now ? "backoff" : "pending", health: "unhealthy" };
    }
    case "running": {
      if (spec.job !== null) return { phase: "running", health: "unknown" };
      const { health } = healthOf({ spec, instance, verdicts: input.verdicts, now: input.now });
      const phase = health === "healthy" ? "running" : health === "unhealthy" ? "degraded" : "starting";
      return { phase, health };
    }
  }
}

function isHalted(slot: SlotMemory | undefined, { fingerprint }: Instance): boolean {
  return slot?.halted !== undefined && slot.fingerprint === fingerprint;
}

/** Whether its instances are as its spec says. */
export function isCarriedOut(
  spec: Workload,
  { instances, memory }: Pick<ConditionInput, "instances" | "memory">,
): boolean {
  const wanted = fingerprintOf(spec);
  const replicas = spec.enabled ? spec.replicas : 0;
  const slots = new Set(instances.map((one) => one.slot));
  return instances.length === replicas && slots.size === replicas &&
    instances.every((instance) =>
      instance.runtime === spec.runtime && instance.slot < replicas && instance.fingerprint === wanted &&
      withOldFiles(spec, { instance, memory }) === null
    );
}

function summary(input: ConditionInput, spec: Workload, wanted: string): Told {
  const replicas = spec.enabled ? spec.replicas : 0;
  const slots = Array.from({ length: replicas }, (_, slot) => {
    const own = input.instances.filter((one) => one.slot === slot && one.runtime === spec.runtime);
    // Of two side by side the new one is what everybody waits for.
    const instance = own.find((one) => one.fingerprint === wanted) ?? own[0];
    return instance === undefined
      ? { instance: null, phase: "pending" as const, health: "unknown" as const }
      : { instance, ...instanceCondition(input, spec, instance) };
  });
  const drift = spec.drift === "off" ? undefined : input.instances.map(driftOf).find((one) => one !== null);
  const asWanted = isCarriedOut(spec, input);
  const sync = asWanted && drift === undefined ? "synced" : "out-of-sync";
  if (replicas === 0) {
    const phase = input.instances.length === 0 ? "stopped" : "stopping";
    return { sync, phase, health: "unknown", reason: "disabled", message: "switched off: enabled = false" };
  }

  const phase = WORST_FIRST.find((candidate) => slots.some((slot) => slot.phase === candidate)) ?? "pending";
  const worst = slots.find((slot) => slot.phase === phase)!.instance;
  const health = slots.some((slot) => slot.health === "unhealthy")
    ? "unhealthy"
    : slots.every((slot) => slot.health === "healthy")
    ? "healthy"
    : "unknown";
  if (input.progress !== null) return { sync, phase, health, reason: "starting", message: input.progress };
  if (drift !== undefined && spec.drift === "report") {
    return { sync, phase, health, reason: "drift", message: `${drift}; drift = "report" leaves it so` };
  }
  return { sync, phase, health, ...why(phase, worst, { spec, asWanted, slot: input.memory?.slots[worst?.slot ?? 0] }) };
}

function why(
  phase: Phase,
  worst: Instance | null,
  { spec, asWanted, slot }: { spec: Workload; asWanted: boolean; slot: SlotMemory | undefined },
): { reason: ReasonCode; message: string } {
  const ofMany = worst !== null && spec.replicas > 1 ? `instance ${worst.slot} ` : "";
  switch (phase) {
    case "failed":
      return { ...whyFailed(worst!, { spec, slot, ofMany }) };
    case "completed":
      return { reason: "completed", message: `${ofMany}${exitSentence(worst!)}` };
    case "backoff":
      return { reason: "crash_loop", message: `${ofMany}${exitSentence(worst!)}; it will be started again` };
    case "degraded":
      if (worst!.state === "paused") return { reason: "drift", message: `${ofMany}is paused` };
      return { reason: "unhealthy", message: `${ofMany}does not pass its health check` };
    case "starting":
      return { reason: "starting", message: `${ofMany}runs, and is not known to be healthy yet` };
    case "running":
      if (!asWanted) return { reason: "waiting", message: "runs, and is about to change" };
      return { reason: "running", message: spec.replicas > 1 ? `${spec.replicas} instances run` : "runs" };
    default:
      return { reason: "waiting", message: "is about to be started" };
  }
}

function whyFailed(
  worst: Instance,
  { spec, slot, ofMany }: { spec: Workload; slot: SlotMemory | undefined; ofMany: string },
): { reason: ReasonCode; message: string } {
  if (slot?.halted !== undefined && isHalted(slot, worst)) {
    return { reason: slot.halted, message: `${ofMany}was stopped: it did not pass its health check` };
  }
  const ended = `${ofMany}${exitSentence(worst)}`;
  const restart = restartAfter(spec.restart, worst, slot);
  if (restart.type !== "failed" || restart.because === "policy") {
    return { reason: "exit_nonzero", message: `${ended}; restart = "${spec.restart.when}"` };
  }
  const { maxRestarts, windowMs } = spec.restart;
  const limit = `${maxRestarts} restarts in ${durationText(windowMs)} are the limit`;
  return { reason: "restart_limit", message: `${ended}; ${limit}` };
}

function invalidCondition(input: ConditionInput, { health, stays }: { health: Health; stays: string }): Told {
  const { invalid } = input.workload;
  const count = invalid?.problems.length ?? 0;
  const problems = count === 1 ? "1 problem" : `${count} problems`;
  return {
    sync: "out-of-sync",
    phase: "invalid",
    health,
    reason: "invalid_manifest",
    message: `${invalid?.path ?? "its manifest"} has ${problems}; ${stays}`,
  };
}
