/** One workload: the actions that take its instances to its spec. */
import { fingerprint as fingerprintOf } from "../model/fingerprint.ts";
import type { WorkloadMemory } from "../model/memory.ts";
import type { Instance } from "../model/observed.ts";
import type { ReasonCode } from "../model/reason.ts";
import type { Workload } from "../model/workload.ts";
import type { Action } from "./action.ts";
import { explainChange } from "./compare.ts";
import { restartAfter } from "./restart.ts";

export interface ConvergeInput {
  spec: Workload;
  /** All instances of the workload, of whatever slot, runtime and fingerprint, in a fixed order. */
  instances: readonly Instance[];
  memory: WorkloadMemory | undefined;
  forced: ReadonlySet<string>;
  now: number;
}

export interface Step {
  fingerprint: string;
  /** In the order in which they must be done: prepare, stop, remove, start. */
  actions: Action[];
  wakeAt: number | null;
}

interface Because {
  reason: ReasonCode;
  message: string;
}

export function converge(input: ConvergeInput): Step {
  const { spec } = input;
  const fingerprint = fingerprintOf(spec);
  const replicas = spec.enabled ? spec.replicas : 0;
  const stops: Action[] = [];
  const starts: Action[] = [];
  const due: number[] = [];

  const kept = new Map<number, Instance>();
  for (const instance of input.instances) {
    const surplus = surplusReason(instance, spec, replicas);
    const rival = kept.get(instance.slot);
    if (surplus !== null) stops.push(...retire(instance, spec, surplus));
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
      if (instance !== null && isAlive(instance)) stops.push(stop(instance, spec, because));
      starts.push({ type: "start", workload: spec.name, spec, slot, fingerprint, previous: instance, ...because });
    };
    if (instance === null) start(missing(input, { fingerprint, slot }));
    else if (instance.fingerprint !== fingerprint) start(explainChange(appliedAs(input, instance.fingerprint), spec));
    else if (input.forced.has(instance.id)) {
      start({ reason: "forced", message: "a restart was asked for on the device" });
    } else if (instance.state === "created") start({ reason: "drift", message: "was created and never started" });
    else if (instance.state === "exited") {
      const restart = restartAfter(spec.restart, instance, input.memory?.slots[slot]);
      if (restart.type !== "again") continue;
      if (restart.at > input.now) due.push(restart.at);
      else start({ reason: "exited", message: exitSentence(instance) });
    }
  }

  const prepare: Action[] = starts.slice(0, 1).map((first) => ({
    type: "prepare",
    workload: spec.name,
    spec,
    reason: first.reason,
    message: first.message,
  }));
  return {
    fingerprint,
    actions: [...prepare, ...stops, ...starts],
    wakeAt: due.length === 0 ? null : Math.min(...due),
  };
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
  return isAlive(instance) ? [stop(instance, spec, because), remove] : [remove];
}

/** "ended with exit code 7" */
export function exitSentence(instance: Instance): string {
  if (instance.exitCode === null) return "ended, and its exit code could not be learned";
  const signal = instance.exitCode > 128 ? ` (killed by signal ${instance.exitCode - 128})` : "";
  return `ended with exit code ${instance.exitCode}${signal}`;
}

function stop(instance: Instance, spec: Workload | undefined, because: Because): Action {
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

function surplusReason(instance: Instance, spec: Workload, replicas: number): Because | null {
  if (!spec.enabled) return { reason: "disabled", message: "its manifest says enabled = false" };
  if (instance.runtime !== spec.runtime) {
    return { reason: "runtime_changed", message: `moves from ${instance.runtime} to ${spec.runtime}` };
  }
  if (instance.slot < replicas) return null;
  return { reason: "replica_surplus", message: `its manifest asks for replicas = ${replicas}` };
}

/** Of two for one slot: the right fingerprint first, then the one that runs, then the older one. */
function preferred(a: Instance, b: Instance, fingerprint: string): [keep: Instance, drop: Instance] {
  const rank = (one: Instance) =>
    (one.fingerprint === fingerprint && isAlive(one) ? 4 : 0) + (isAlive(one) ? 2 : 0) +
    (one.fingerprint === fingerprint ? 1 : 0);
  return rank(b) > rank(a) ? [b, a] : [a, b];
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
