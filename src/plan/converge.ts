/** One workload: the actions that take its instances to its spec. */
import { filesDigest, fingerprint as fingerprintOf } from "../model/fingerprint.ts";
import type { WorkloadMemory } from "../model/memory.ts";
import type { Instance } from "../model/observed.ts";
import type { ReasonCode } from "../model/reason.ts";
import type { Workload } from "../model/workload.ts";
import type { Action } from "./action.ts";
import { explainChange } from "./compare.ts";
import type { Blocked } from "./admission.ts";
import { healthOf, type Verdicts } from "./health.ts";
import { restartAfter, restartOfUnhealthy } from "./restart.ts";

export interface ConvergeInput {
  spec: Workload;
  /** All instances of the workload, of whatever slot, runtime and fingerprint, in a fixed order. */
  instances: readonly Instance[];
  memory: WorkloadMemory | undefined;
  forced: ReadonlySet<string>;
  verdicts: Verdicts;
  /** Why nothing of it may be started now, other than what runs already; null when it may. */
  blocked: Blocked | null;
  now: number;
}

export interface Step {
  fingerprint: string;
  /** In the order in which they must be done: prepare, stop, remove, start. */
  actions: Action[];
  wakeAt: number | null;
  /** Why something that is to be started is not. */
  waiting: Blocked | null;
}

export interface Because {
  reason: ReasonCode;
  message: string;
}

export function converge(input: ConvergeInput): Step {
  const { spec } = input;
  const fingerprint = fingerprintOf(spec);
  const replicas = spec.enabled ? spec.replicas : 0;
  const stops: Action[] = [];
  const starts: Action[] = [];
  const reloads: Action[] = [];
  const due: number[] = [];
  let waiting: Blocked | null = null;

  const kept = new Map<number, Instance>();
  for (const instance of input.instances) {
    const surplus = surplusReason(instance, spec, replicas);
    const rival = kept.get(instance.slot);
    if (surplus !== null && surplus.reason === "runtime_changed" && staysForNow(instance, input)) {
      waiting = input.blocked;
    } else if (surplus !== null) stops.push(...retire(instance, spec, surplus));
    else if (rival === undefined) kept.set(instance.slot, instance);
    else {
      const [keep, drop] = preferred(rival, instance, fingerprint);
      kept.set(instance.slot, keep);
      stops.push(...retire(drop, spec, { reason: "drift", message: `slot ${instance.slot} has two instances` }));
    }
  }

  for (let slot = 0; slot < replicas; slot++) {
    const instance = kept.get(slot) ?? null;
    const start = (because: Because): void => {
      // What ran before goes on, or comes back: order and room are for what is new.
      if (input.blocked !== null && !RETURNS.has(because.reason)) {
        waiting = input.blocked;
        return;
      }
      if (instance !== null && isAlive(instance)) {
        stops.push({ ...stopAction(instance, spec, because), isReplaced: true });
      }
      starts.push({ type: "start", workload: spec.name, spec, slot, fingerprint, previous: instance, ...because });
    };
    if (instance === null) start(missing(input, { fingerprint, slot }));
    else if (instance.fingerprint !== fingerprint) start(explainChange(appliedAs(input, instance.fingerprint), spec));
    else if (input.forced.has(instance.id)) {
      start({ reason: "forced", message: "a restart was asked for on the device" });
    } else if (instance.state === "created") start({ reason: "drift", message: "was created and never started" });
    else if (instance.state === "exited") {
      const memory = input.memory?.slots[slot];
      const restart = restartAfter(spec.restart, instance, memory);
      if (restart.type !== "again" || memory?.halted !== undefined) continue;
      if (restart.at > input.now) due.push(restart.at);
      else start({ reason: "exited", message: exitSentence(instance) });
    } else {
      const { health, wakeAt } = healthOf({ spec, instance, verdicts: input.verdicts, now: input.now });
      if (wakeAt !== null) due.push(wakeAt);
      const reload = reloadOf(spec, { instance, memory: input.memory });
      if (reload !== null) reloads.push(reload);
      if (health !== "unhealthy" || instance.state !== "running") continue;
      const because: Because = { reason: "unhealthy", message: "does not pass its health check" };
      if (spec.health?.onFailure === "stop") stops.push(stopAction(instance, spec, because));
      if (spec.health?.onFailure !== "restart") continue;
      const restart = restartOfUnhealthy(spec.restart, instance, input.memory?.slots[slot]);
      if (spec.restart.when === "never" || restart.type === "failed") stops.push(stopAction(instance, spec, because));
      else if (restart.type === "again" && restart.at > input.now) due.push(restart.at);
      else start(because);
    }
  }

  return {
    fingerprint,
    actions: [...starts.slice(0, 1).map(prepareFor), ...stops, ...starts, ...reloads],
    wakeAt: due.length === 0 ? null : Math.min(...due),
    waiting,
  };
}

/** Reasons of a start that brings back what was running a moment ago. */
const RETURNS: ReadonlySet<ReasonCode> = new Set(["exited", "unhealthy", "forced"]);

/** Brings what a start, and those after it, need. */
export function prepareFor(start: Action): Action {
  if (start.type !== "start") throw new Error("only a start needs to be prepared");
  const { workload, spec, reason, message } = start;
  return { type: "prepare", workload, spec, reason, message };
}

/**
 * The spec whose files this instance has, when they are others than it should have; else null. Only what was applied says
 * which it has: without that memory it is left as it is.
 */
export function withOldFiles(
  spec: Workload,
  { instance, memory }: { instance: Instance; memory: WorkloadMemory | undefined },
): Workload | null {
  const applied = memory?.applied ?? null;
  if (spec.onChange.type === "restart" || instance.state !== "running") return null;
  // It was started after that was applied, and so with the files of today.
  if (applied === null || applied.fingerprint !== instance.fingerprint) return null;
  return filesDigest(applied.workload.files) === filesDigest(spec.files) ? null : applied.workload;
}

function reloadOf(
  spec: Workload,
  { instance, memory }: { instance: Instance; memory: WorkloadMemory | undefined },
): Action | null {
  const old = withOldFiles(spec, { instance, memory });
  if (old === null) return null;
  const { message } = explainChange({ ...old, onChange: { type: "restart" } }, {
    ...old,
    files: spec.files,
    onChange: { type: "restart" },
  });
  return { type: "reload", workload: spec.name, spec, instance, reason: "file_changed", message };
}

/** Stop it if it runs, then forget it. `spec` says how to stop; without one, as a shell user would expect. */
export function retire(instance: Instance, spec: Workload | undefined, because: Because): Action[] {
  const remove: Action = {
    type: "remove",
    workload: instance.workload,
    runtime: instance.runtime,
    instance,
    ...because,
  };
  return isAlive(instance) ? [stopAction(instance, spec, because), remove] : [remove];
}

/** "ended with exit code 7" */
export function exitSentence(instance: Instance): string {
  if (instance.exitCode === null) return "ended, and its exit code could not be learned";
  if (instance.warnings.some((one) => one.reason === "out_of_memory")) {
    return `ended with exit code ${instance.exitCode} (killed: over its memory limit)`;
  }
  const signal = instance.exitCode > 128 ? ` (killed by signal ${instance.exitCode - 128})` : "";
  return `ended with exit code ${instance.exitCode}${signal}`;
}

export function stopAction(
  instance: Instance,
  spec: Workload | undefined,
  because: Because,
): Action & { type: "stop" } {
  return {
    type: "stop",
    workload: instance.workload,
    runtime: instance.runtime,
    instance,
    signal: spec?.stopSignal ?? "SIGTERM",
    timeoutMs: spec?.stopTimeoutMs ?? 10_000,
    ...because,
  };
}

function isAlive(instance: Instance): boolean {
  return instance.state === "running" || instance.state === "paused" || instance.state === "stopping";
}

/** Its successor in the other runtime may not be started yet: until then it is better than nothing. */
function staysForNow(instance: Instance, { spec, instances, blocked }: ConvergeInput): boolean {
  return blocked !== null && isAlive(instance) &&
    !instances.some((one) => one.runtime === spec.runtime && one.slot === instance.slot && isAlive(one));
}

function surplusReason(instance: Instance, spec: Workload, replicas: number): Because | null {
  if (!spec.enabled) return { reason: "disabled", message: "its manifest says enabled = false" };
  if (instance.runtime !== spec.runtime) {
    return { reason: "runtime_changed", message: `moves from ${instance.runtime} to ${spec.runtime}` };
  }
  if (instance.slot < replicas) return null;
  return { reason: "replica_surplus", message: `its manifest asks for replicas = ${replicas}` };
}

/**
 * Of two for one slot: the right fingerprint that runs first, then the one that runs, then the right fingerprint. Of two
 * equals that run the older one stays; of two that ended the newer one, whose exit code is what came of the slot.
 */
function preferred(a: Instance, b: Instance, fingerprint: string): [keep: Instance, drop: Instance] {
  const rank = (one: Instance) =>
    (one.fingerprint === fingerprint && isAlive(one) ? 4 : 0) + (isAlive(one) ? 2 : 0) +
    (one.fingerprint === fingerprint ? 1 : 0);
  if (rank(a) !== rank(b)) return rank(b) > rank(a) ? [b, a] : [a, b];
  const [older, newer] = (a.startedAt ?? 0) <= (b.startedAt ?? 0) ? [a, b] : [b, a];
  return isAlive(a) ? [older, newer] : [newer, older];
}

function missing(input: ConvergeInput, wanted: { fingerprint: string; slot: number }): Because {
  const applied = input.memory?.applied ?? null;
  if (applied === null) return { reason: "created", message: "is new on this device" };
  if (applied.fingerprint !== wanted.fingerprint) return explainChange(applied.workload, input.spec);
  const known = input.memory?.slots[wanted.slot] !== undefined;
  return {
    reason: "replica_missing",
    message: known ? "is not there any more" : `replicas = ${input.spec.replicas} asks for it`,
  };
}

function appliedAs(input: ConvergeInput, fingerprint: string): Workload | null {
  const applied = input.memory?.applied ?? null;
  return applied !== null && applied.fingerprint === fingerprint ? applied.workload : null;
}
