/** Phase and health as the instances have them, the worst of them speaking for the workload. */
import { durationText } from "../model/duration.ts";
import { fingerprint as fingerprintOf } from "../model/fingerprint.ts";
import type { SlotState } from "../model/workload_state.ts";
import type { Instance } from "../model/instance.ts";
import type { ReasonCode } from "../model/reason.ts";
import type { Phase } from "../model/snapshot.ts";
import type { Workload } from "../model/workload.ts";
import { delayUntil } from "../reconciler/pipeline/elapsed.ts";
import { describeExit } from "../reconciler/pipeline/describe_exit.ts";
import { healthOf } from "../reconciler/pipeline/instance_health.ts";
import { withOldFiles } from "../reconciler/pipeline/file_reload.ts";
import { restartAfter } from "../reconciler/pipeline/restart/restart_decision.ts";
import { detectManualChange } from "../reconciler/pipeline/drift_repair.ts";
import type { InstancePhase, StatusInput, StatusLine } from "./status_input.ts";

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

/** Phase and health of one instance, as its slot in `spec` sees it. */
export function instancePhase(input: StatusInput, spec: Workload, instance: Instance): InstancePhase {
  switch (instance.state) {
    case "created":
      return { phase: "pending", health: "unknown" };
    case "stopping":
      return { phase: "stopping", health: "unknown" };
    case "paused":
      return { phase: "degraded", health: "unknown" };
    case "exited": {
      const slot = input.state?.slots[instance.slot];
      const restart = restartAfter(spec.restart, instance, slot);
      if (!spec.enabled) return { phase: "stopped", health: "unknown" };
      if (isHalted(slot, instance)) return { phase: "failed", health: "unhealthy" };
      if (restart.type === "completed") return { phase: "completed", health: "unknown" };
      if (restart.type === "failed") return { phase: "failed", health: "unhealthy" };
      const waits = delayUntil(restart.at, { from: restart.from, now: input.now });
      return { phase: waits === null ? "pending" : "backoff", health: "unhealthy" };
    }
    case "running": {
      if (spec.job !== null) return { phase: "running", health: "unknown" };
      const { health } = healthOf({ spec, instance, probedHealth: input.probedHealth, now: input.now });
      const phase = health === "healthy" ? "running" : health === "unhealthy" ? "degraded" : "starting";
      return { phase, health };
    }
  }
}

function isHalted(slot: SlotState | undefined, { fingerprint }: Instance): boolean {
  return slot?.halted !== undefined && slot.fingerprint === fingerprint;
}

/** Whether its instances are as its spec says. */
export function matchesSpec(
  spec: Workload,
  { instances, state }: Pick<StatusInput, "instances" | "state">,
): boolean {
  const wanted = fingerprintOf(spec);
  const replicas = spec.enabled ? spec.replicas : 0;
  const slots = new Set(instances.map((instance) => instance.slot));
  return instances.length === replicas && slots.size === replicas &&
    instances.every((instance) =>
      instance.runtime === spec.runtime && instance.slot < replicas && instance.fingerprint === wanted &&
      withOldFiles(spec, { instance, state }) === null
    );
}

export function instancesSummary(input: StatusInput, spec: Workload, wanted: string): StatusLine {
  const replicas = spec.enabled ? spec.replicas : 0;
  const slots = Array.from({ length: replicas }, (_, slot) => {
    const own = input.instances.filter((one) => one.slot === slot && one.runtime === spec.runtime);
    // Of two side by side the new one is what everybody waits for.
    const instance = own.find((one) => one.fingerprint === wanted) ?? own[0];
    return instance === undefined
      ? { instance: null, phase: "pending" as const, health: "unknown" as const }
      : { instance, ...instancePhase(input, spec, instance) };
  });
  const drift = spec.drift === "off" ? undefined : input.instances.map(detectManualChange).find((one) => one !== null);
  const asWanted = matchesSpec(spec, input);
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
  return { sync, phase, health, ...why(phase, worst, { spec, asWanted, slot: input.state?.slots[worst?.slot ?? 0] }) };
}

function why(
  phase: Phase,
  worst: Instance | null,
  { spec, asWanted, slot }: { spec: Workload; asWanted: boolean; slot: SlotState | undefined },
): { reason: ReasonCode; message: string } {
  const ofMany = worst !== null && spec.replicas > 1 ? `instance ${worst.slot} ` : "";
  switch (phase) {
    case "failed":
      return { ...whyFailed(worst!, { spec, slot, ofMany }) };
    case "completed":
      return { reason: "completed", message: `${ofMany}${describeExit(worst!)}` };
    case "backoff":
      return { reason: "crash_loop", message: `${ofMany}${describeExit(worst!)}; it will be started again` };
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
  { spec, slot, ofMany }: { spec: Workload; slot: SlotState | undefined; ofMany: string },
): { reason: ReasonCode; message: string } {
  if (slot?.halted !== undefined && isHalted(slot, worst)) {
    return { reason: slot.halted, message: `${ofMany}was stopped: it did not pass its health check` };
  }
  const ended = `${ofMany}${describeExit(worst)}`;
  const restart = restartAfter(spec.restart, worst, slot);
  if (restart.type !== "failed" || restart.because === "policy") {
    return { reason: "exit_nonzero", message: `${ended}; restart = "${spec.restart.when}"` };
  }
  const { maxRestarts, windowMs } = spec.restart;
  const limit = `${maxRestarts} restarts in ${durationText(windowMs)} are the limit`;
  return { reason: "restart_limit", message: `${ended}; ${limit}` };
}
