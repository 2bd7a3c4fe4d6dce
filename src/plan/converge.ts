/** One workload: the actions that take its instances to its spec. */
import { filesMountedAlone, fingerprint as fingerprintOf } from "../model/fingerprint.ts";
import type { DriftMemory, WorkloadMemory } from "../model/memory.ts";
import type { Instance } from "../model/observed.ts";
import type { ReasonCode } from "../model/reason.ts";
import type { Workload } from "../model/workload.ts";
import type { Action } from "./action.ts";
import type { Blocked } from "./admission.ts";
import { explainChange } from "./compare.ts";
import { waitUntil } from "./elapsed.ts";
import { exitSentence } from "./exit_sentence.ts";
import { healthOf, type Verdicts } from "./health.ts";
import { reloadOf } from "./reload.ts";
import { restartAfter, restartOfUnhealthy } from "./restart/restart.ts";
import { type Because, isAlive, prepareFor, retire, stopAction } from "./retire.ts";
import { driftOf, heldRepair, isTakenAway } from "./rollout/drift.ts";
import { type Slot, slotsOf } from "./rollout/slots.ts";
import { type Strategy, strategyOf } from "./rollout/strategy.ts";

export interface ConvergeInput {
  spec: Workload;
  /** All instances of the workload, of whatever slot, runtime and fingerprint, in a fixed order. */
  instances: readonly Instance[];
  memory: WorkloadMemory | undefined;
  forced: ReadonlySet<string>;
  verdicts: Verdicts;
  /** Why nothing of it may be started now, other than what runs already; null when it may. */
  blocked: Blocked | null;
  /** Why it is taken to this spec, where that is not what changed in git. */
  because?: Because | null;
  /** A fingerprint that was given up: an instance of it is kept for nothing. */
  refused?: string | null;
  /** Whether a rollout of this spec is under way, which its deadline ends; absent: no. */
  isRollout?: boolean;
  /** When something that it depends on was started last; null where that is no reason to start it again. */
  dependsOnStart?: { name: string; at: number } | null;
  now: number;
  /** As in `ClockReading`. */
  clockSetAt?: number;
}

export interface Step {
  fingerprint: string;
  /** In the order in which they must be done: prepare, publish, stop, remove, start. */
  actions: Action[];
  wakeAt: number | null;
  /** Why something that is to be started is not. */
  waiting: Blocked | null;
  /** To be remembered of repairs. */
  drift?: DriftMemory;
}

export function converge(input: ConvergeInput): Step {
  const { spec } = input;
  const fingerprint = fingerprintOf(spec);
  const { slots, surplus } = slotsOf(spec, { instances: input.instances, fingerprint });
  const made = new Made(input, fingerprint);
  for (const { instance, because } of surplus) {
    const isMove = because.reason === "runtime_changed";
    if (isMove && staysForNow(instance, input)) made.waiting = input.blocked;
    else made.stops.push(...retire(instance, spec, because));
  }
  const strategy = strategyOf(spec, input.instances);
  for (const slot of slots) {
    if (slot.current !== null) keepCurrent(made, slot as Slot & { current: Instance }, strategy);
  }
  for (const { slot, current, old } of slots) if (current === null && old === null) startMissing(made, slot);
  for (const { slot, old } of switched(made, slots, strategy)) {
    const because = whyChanged(made, old, strategy);
    const isBeside = strategy.type === "start-first" && isAlive(old);
    made.start(slot, because, isBeside ? { beside: true } : { previous: old });
  }
  return made.step();
}

/** What a look at the slots comes to. */
class Made {
  readonly publishes: Action[] = [];
  readonly stops: Action[] = [];
  readonly starts: Action[] = [];
  readonly reloads: Action[] = [];
  readonly due: number[] = [];
  waiting: Blocked | null = null;
  drift: DriftMemory | undefined;

  constructor(readonly input: ConvergeInput, readonly fingerprint: string) {}

  /** `previous` is stopped first if it runs; `fresh`: and removed, so that nothing of it is used again. */
  start(
    slot: number,
    because: Because,
    { previous = null, fresh = false, beside = false }: {
      previous?: Instance | null;
      fresh?: boolean;
      /** Another one of the slot goes on running. */
      beside?: boolean;
    } = {},
  ): void {
    const { spec, blocked } = this.input;
    // What ran before goes on, or comes back: order and room are for what is new.
    if (blocked !== null && !RETURNS.has(because.reason)) {
      this.waiting = blocked;
      return;
    }
    const { fingerprint } = this;
    if (previous !== null && fresh) this.stops.push(...retire(previous, spec, because));
    else if (previous !== null && isAlive(previous)) {
      this.stops.push({ ...stopAction(previous, spec, because), isReplaced: true });
    }
    const start = { type: "start" as const, workload: spec.name, spec, slot, fingerprint, ...because };
    this.starts.push({ ...start, previous: fresh ? null : previous, ...(beside ? { withheld: true } : {}) });
  }

  step(): Step {
    const { publishes, stops, starts, reloads, due, waiting, drift, fingerprint } = this;
    const actions = [...starts.slice(0, 1).map(prepareFor), ...publishes, ...stops, ...starts, ...reloads];
    const wakeAt = due.length === 0 ? null : Math.min(...due);
    return { fingerprint, actions, wakeAt, waiting, ...(drift === undefined ? {} : { drift }) };
  }
}

/** Reasons of a start that brings back what was running a moment ago. */
const RETURNS: ReadonlySet<ReasonCode> = new Set(["exited", "unhealthy", "forced", "drift", "rollback"]);

/** A slot that has its instance: it goes on, is started again, or takes the place of the one before. */
function keepCurrent(made: Made, { slot, current, old }: Slot & { current: Instance }, strategy: Strategy): void {
  const { input } = made;
  const { spec } = input;
  const isKept = old !== null && isAlive(old) && strategy.type === "start-first" &&
    old.fingerprint !== input.refused && !isReady(made, current);
  if (old !== null && !isKept) {
    if (current.withheld === true) made.publishes.push(publish(spec, current));
    made.stops.push(...retire(old, spec, whyChanged(made, old, strategy)));
  } else if (current.withheld === true && old === null) made.publishes.push(publish(spec, current));
  const start = (because: Because, fresh = false) =>
    made.start(slot, because, { previous: current, fresh, beside: isKept });

  if (input.forced.has(current.id)) {
    return start({ reason: "forced", message: "a restart was asked for on the device" });
  }
  const drift = spec.drift === "off" ? null : driftOf(current);
  if (drift !== null && spec.drift === "repair") return repair(made, drift, (because) => start(because, true));
  // It was not repaired, and is no crash that its restart policy would speak of.
  if (drift !== null && current.state !== "running") return;
  if (current.state === "exited") return afterExit(made, current, start);
  const restarted = input.dependsOnStart ?? null;
  if (restarted !== null && current.state === "running" && restarted.at > (current.startedAt ?? 0)) {
    return start({
      reason: "dependency_restarted",
      message: `"${restarted.name}", which it depends on, was started again`,
    });
  }
  whileRunning(made, current, start);
}

/** A slot that nothing is here for. */
function startMissing(made: Made, slot: number): void {
  const { input, fingerprint } = made;
  const { spec, memory, forced } = input;
  const isTaken = isTakenAway(spec, { slot, fingerprint, memory }) && !forced.has(spec.name);
  if (!isTaken) return made.start(slot, missing(made, slot));
  if (spec.drift === "repair") repair(made, "was removed by hand", (because) => made.start(slot, because));
}

function afterExit(made: Made, instance: Instance, start: (because: Because) => void): void {
  const { spec, memory, now } = made.input;
  if (instance.stoppedByHand === true && spec.drift !== "repair") return;
  const slot = memory?.slots[instance.slot];
  const restart = restartAfter(spec.restart, instance, slot);
  const isHalted = slot?.halted !== undefined && slot.fingerprint === instance.fingerprint;
  if (restart.type !== "again" || isHalted) return;
  const waits = waitUntil(restart.at, { from: restart.from, now });
  if (waits !== null) made.due.push(waits);
  else start({ reason: "exited", message: exitSentence(instance) });
}

function whileRunning(made: Made, instance: Instance, start: (because: Because) => void): void {
  const { spec, verdicts, memory, now } = made.input;
  const { health, wakeAt } = healthOf({ spec, instance, verdicts, now });
  if (wakeAt !== null) made.due.push(wakeAt);
  const reload = reloadOf(spec, { instance, memory });
  if (reload !== null) made.reloads.push(reload);
  if (health !== "unhealthy" || instance.state !== "running") return;
  const because: Because = { reason: "unhealthy", message: "does not pass its health check" };
  const onFailure = spec.health?.onFailure;
  if (onFailure === "stop") made.stops.push(stopAction(instance, spec, because));
  if (onFailure !== "restart") return;
  // A rollout is judged by its deadline. A restart before it would only take the output and the probes that tell why.
  if (made.input.isRollout === true && verdicts.get(instance.id)?.hasBeenHealthy !== true) return;
  const restart = restartOfUnhealthy(spec.restart, instance, memory?.slots[instance.slot]);
  if (spec.restart.when === "never" || restart.type !== "again") made.stops.push(stopAction(instance, spec, because));
  else {
    const waits = waitUntil(restart.at, { from: restart.from, now });
    if (waits !== null) made.due.push(waits);
    else start(because);
  }
}

/** Puts right what was changed by hand, unless that was done too often. */
function repair(made: Made, message: string, start: (because: Because) => void): void {
  const { memory, now } = made.input;
  const held = heldRepair({ message, fingerprint: made.fingerprint, drift: memory?.drift, now });
  if (held === null) return start({ reason: "drift", message });
  made.drift = held.drift;
  made.waiting = held.blocked;
}

/** The slots that are taken to the new fingerprint now. */
function switched(made: Made, slots: readonly Slot[], strategy: Strategy): (Slot & { old: Instance })[] {
  const waiting = slots.filter((one): one is Slot & { old: Instance } => one.current === null && one.old !== null);
  if (strategy.type === "recreate") return waiting;
  const { maxParallel, maxUnavailable } = made.input.spec.rollout;
  const underWay = slots.filter(({ current }) => current !== null && !isReady(made, current)).length;
  const isThere = ({ current, old }: Slot) =>
    (current !== null && isReady(made, current)) || (old !== null && isAlive(old));
  let room = maxParallel - underWay;
  let spare = maxUnavailable - slots.filter((one) => !isThere(one)).length;
  // Those that serve nobody first: to replace them costs nothing.
  const inOrder = [...waiting.filter((one) => !isThere(one)), ...waiting.filter(isThere)];
  return inOrder.filter((one) => {
    const costs = strategy.type === "rolling" && isThere(one);
    if (room <= 0 || (costs && spare <= 0)) return false;
    room--;
    if (costs) spare--;
    return true;
  });
}

/** Healthy, or through with its work: what it follows is not needed any more. */
function isReady(made: Made, instance: Instance): boolean {
  const { spec, verdicts, now } = made.input;
  if (instance.state === "exited") return restartAfter(spec.restart, instance, undefined).type === "completed";
  if (instance.state !== "running") return false;
  return healthOf({ spec, instance, verdicts, now }).health === "healthy";
}

/** Its successor in the other runtime may not be started yet: until then it is better than nothing. */
function staysForNow(instance: Instance, { spec, instances, blocked }: ConvergeInput): boolean {
  return blocked !== null && isAlive(instance) &&
    !instances.some((one) => one.runtime === spec.runtime && one.slot === instance.slot && isAlive(one));
}

function missing({ input, fingerprint }: Made, slot: number): Because {
  const { memory, spec } = input;
  const applied = memory?.applied ?? null;
  if (applied === null) return { reason: "created", message: "is new on this device" };
  if (applied.fingerprint !== fingerprint) return input.because ?? explainChange(applied.workload, spec);
  const known = memory?.slots[slot] !== undefined;
  return {
    reason: "replica_missing",
    message: known ? "is not there any more" : `replicas = ${spec.replicas} asks for it`,
  };
}

function whyChanged({ input }: Made, old: Instance, { because }: Strategy): Because {
  const applied = input.memory?.applied ?? null;
  const before = applied !== null && applied.fingerprint === old.fingerprint ? applied.workload : null;
  const why = input.because ??
    (isOfFormerVersion(input, old) ? FORMER_VERSION : explainChange(before, input.spec, old));
  return because === null || !isAlive(old)
    ? why
    : { ...why, message: `${why.message}; the old one goes first: ${because}` };
}

/** Its applied spec is unchanged, and has another fingerprint since its mounted files are part of it. */
function isOfFormerVersion({ spec, memory }: ConvergeInput, old: Instance): boolean {
  const applied = memory?.applied ?? null;
  return applied?.fingerprint === fingerprintOf(spec) && old.fingerprint !== applied.fingerprint &&
    filesMountedAlone(spec).length > 0;
}

const FORMER_VERSION: Because = {
  reason: "file_changed",
  message: "may still have an old content of a file that is mounted alone",
};

function publish(spec: Workload, instance: Instance): Action {
  const message = "is healthy, and others may find it";
  return { type: "publish", workload: spec.name, spec, instance, reason: "published", message };
}
