/** One workload: the actions that take its instances to its spec. */
import { filesMountedAlone, fingerprint as fingerprintOf } from "../../model/fingerprint.ts";
import type { DriftState, WorkloadState } from "../../model/workload_state.ts";
import type { Instance } from "../../model/instance.ts";
import type { ReasonCode } from "../../model/reason.ts";
import type { Workload } from "../../model/workload.ts";
import type { Action } from "./action.ts";
import type { Blocked } from "./feasibility.ts";
import { explainChange } from "./spec_diff.ts";
import { delayUntil } from "./elapsed.ts";
import { describeExit } from "./describe_exit.ts";
import { healthOf, type ProbedHealths } from "./instance_health.ts";
import { reloadAction } from "./file_reload.ts";
import { restartAfter, restartOfUnhealthy } from "./restart/restart_decision.ts";
import { type Cause, isAlive, prepareAction, stopAction, teardown } from "./teardown_actions.ts";
import { detectManualChange, repairBackoff, wasRemovedExternally } from "./drift_repair.ts";
import { type Slot, slotsOf } from "./slots.ts";
import { type Strategy, strategyOf } from "./rollout/strategy.ts";

export interface ReconcileInput {
  spec: Workload;
  /** All instances of the workload, of whatever slot, runtime and fingerprint, in a fixed order. */
  instances: readonly Instance[];
  state: WorkloadState | undefined;
  forced: ReadonlySet<string>;
  probedHealth: ProbedHealths;
  /** Why nothing of it may be started now, other than what runs already; null when it may. */
  blocked: Blocked | null;
  /** Why it is taken to this spec, where that is not what changed in git. */
  cause?: Cause | null;
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
  drift?: DriftState;
}

export function reconcileWorkload(input: ReconcileInput): Step {
  const { spec } = input;
  const fingerprint = fingerprintOf(spec);
  const { slots, surplus } = slotsOf(spec, { instances: input.instances, fingerprint });
  const builder = new ActionBuilder(input, fingerprint);
  for (const { instance, cause } of surplus) {
    const isMove = cause.reason === "runtime_changed";
    if (isMove && staysForNow(instance, input)) builder.waiting = input.blocked;
    else builder.stops.push(...teardown(instance, spec, cause));
  }
  const strategy = strategyOf(spec, input.instances);
  for (const slot of slots) {
    if (slot.current !== null) keepCurrent(builder, slot as Slot & { current: Instance }, strategy);
  }
  for (const { slot, current, old } of slots) if (current === null && old === null) startMissing(builder, slot);
  for (const { slot, old } of switched(builder, slots, strategy)) {
    const cause = whyChanged(builder, old, strategy);
    const isBeside = strategy.type === "start-first" && isAlive(old);
    builder.start(slot, cause, isBeside ? { beside: true } : { previous: old });
  }
  return builder.step();
}

/** What a look at the slots comes to. */
class ActionBuilder {
  readonly publishes: Action[] = [];
  readonly stops: Action[] = [];
  readonly starts: Action[] = [];
  readonly reloads: Action[] = [];
  readonly due: number[] = [];
  waiting: Blocked | null = null;
  drift: DriftState | undefined;

  constructor(readonly input: ReconcileInput, readonly fingerprint: string) {}

  /** `previous` is stopped first if it runs; `fresh`: and removed, so that nothing of it is used again. */
  start(
    slot: number,
    cause: Cause,
    { previous = null, fresh = false, beside = false }: {
      previous?: Instance | null;
      fresh?: boolean;
      /** Another one of the slot goes on running. */
      beside?: boolean;
    } = {},
  ): void {
    const { spec, blocked } = this.input;
    // What ran before goes on, or comes back: order and room are for what is new.
    if (blocked !== null && !RETURNS.has(cause.reason)) {
      this.waiting = blocked;
      return;
    }
    const { fingerprint } = this;
    if (previous !== null && fresh) this.stops.push(...teardown(previous, spec, cause));
    else if (previous !== null && isAlive(previous)) {
      this.stops.push({ ...stopAction(previous, spec, cause), isReplaced: true });
    }
    const start = { type: "start" as const, workload: spec.name, spec, slot, fingerprint, ...cause };
    this.starts.push({ ...start, previous: fresh ? null : previous, ...(beside ? { canary: true } : {}) });
  }

  step(): Step {
    const { publishes, stops, starts, reloads, due, waiting, drift, fingerprint } = this;
    const actions = [...starts.slice(0, 1).map(prepareAction), ...publishes, ...stops, ...starts, ...reloads];
    const wakeAt = due.length === 0 ? null : Math.min(...due);
    return { fingerprint, actions, wakeAt, waiting, ...(drift === undefined ? {} : { drift }) };
  }
}

/** Reasons of a start that brings back what was running a moment ago. */
const RETURNS: ReadonlySet<ReasonCode> = new Set(["exited", "unhealthy", "forced", "drift", "rollback"]);

/** A slot that has its instance: it goes on, is started again, or takes the place of the one before. */
function keepCurrent(
  builder: ActionBuilder,
  { slot, current, old }: Slot & { current: Instance },
  strategy: Strategy,
): void {
  const { input } = builder;
  const { spec } = input;
  const isKept = old !== null && isAlive(old) && strategy.type === "start-first" &&
    old.fingerprint !== input.refused && !isReady(builder, current);
  if (old !== null && !isKept) {
    if (current.canary === true) builder.publishes.push(publish(spec, current));
    builder.stops.push(...teardown(old, spec, whyChanged(builder, old, strategy)));
  } else if (current.canary === true && old === null) builder.publishes.push(publish(spec, current));
  const start = (cause: Cause, fresh = false) =>
    builder.start(slot, cause, { previous: current, fresh, beside: isKept });

  if (input.forced.has(current.id)) {
    return start({ reason: "forced", message: "a restart was asked for on the device" });
  }
  const drift = spec.drift === "off" ? null : detectManualChange(current);
  if (drift !== null && spec.drift === "repair") return repair(builder, drift, (cause) => start(cause, true));
  // It was not repaired, and is no crash that its restart policy would speak of.
  if (drift !== null && current.state !== "running") return;
  if (current.state === "exited") return afterExit(builder, current, start);
  const restarted = input.dependsOnStart ?? null;
  if (restarted !== null && current.state === "running" && restarted.at > (current.startedAt ?? 0)) {
    return start({
      reason: "dependency_restarted",
      message: `"${restarted.name}", which it depends on, was started again`,
    });
  }
  whileRunning(builder, current, start);
}

/** A slot that nothing is here for. */
function startMissing(builder: ActionBuilder, slot: number): void {
  const { input, fingerprint } = builder;
  const { spec, state, forced } = input;
  const isTaken = wasRemovedExternally(spec, { slot, fingerprint, state }) && !forced.has(spec.name);
  if (!isTaken) return builder.start(slot, missing(builder, slot));
  if (spec.drift === "repair") repair(builder, "was removed by hand", (cause) => builder.start(slot, cause));
}

function afterExit(builder: ActionBuilder, instance: Instance, start: (cause: Cause) => void): void {
  const { spec, state, now } = builder.input;
  if (instance.stoppedByHand === true && spec.drift !== "repair") return;
  const slot = state?.slots[instance.slot];
  const restart = restartAfter(spec.restart, instance, slot);
  const isHalted = slot?.halted !== undefined && slot.fingerprint === instance.fingerprint;
  if (restart.type !== "again" || isHalted) return;
  const waits = delayUntil(restart.at, { from: restart.from, now });
  if (waits !== null) builder.due.push(waits);
  else start({ reason: "exited", message: describeExit(instance) });
}

function whileRunning(builder: ActionBuilder, instance: Instance, start: (cause: Cause) => void): void {
  const { spec, probedHealth, state, now } = builder.input;
  const { health, wakeAt } = healthOf({ spec, instance, probedHealth, now });
  if (wakeAt !== null) builder.due.push(wakeAt);
  const reload = reloadAction(spec, { instance, state });
  if (reload !== null) builder.reloads.push(reload);
  if (health !== "unhealthy" || instance.state !== "running") return;
  const cause: Cause = { reason: "unhealthy", message: "does not pass its health check" };
  const onFailure = spec.health?.onFailure;
  if (onFailure === "stop") builder.stops.push(stopAction(instance, spec, cause));
  if (onFailure !== "restart") return;
  // A rollout is judged by its deadline. A restart before it would only take the output and the probes that tell why.
  if (builder.input.isRollout === true && probedHealth.get(instance.id)?.hasBeenHealthy !== true) return;
  const restart = restartOfUnhealthy(spec.restart, instance, state?.slots[instance.slot]);
  if (spec.restart.when === "never" || restart.type !== "again") builder.stops.push(stopAction(instance, spec, cause));
  else {
    const waits = delayUntil(restart.at, { from: restart.from, now });
    if (waits !== null) builder.due.push(waits);
    else start(cause);
  }
}

/** Puts right what was changed by hand, unless that was done too often. */
function repair(builder: ActionBuilder, message: string, start: (cause: Cause) => void): void {
  const { state, now } = builder.input;
  const held = repairBackoff({ message, fingerprint: builder.fingerprint, drift: state?.drift, now });
  if (held === null) return start({ reason: "drift", message });
  builder.drift = held.drift;
  builder.waiting = held.blocked;
}

/** The slots that are taken to the new fingerprint now. */
function switched(builder: ActionBuilder, slots: readonly Slot[], strategy: Strategy): (Slot & { old: Instance })[] {
  const waiting = slots.filter((slot): slot is Slot & { old: Instance } => slot.current === null && slot.old !== null);
  if (strategy.type === "recreate") return waiting;
  const { maxParallel, maxUnavailable } = builder.input.spec.rollout;
  const underWay = slots.filter(({ current }) => current !== null && !isReady(builder, current)).length;
  const isThere = ({ current, old }: Slot) =>
    (current !== null && isReady(builder, current)) || (old !== null && isAlive(old));
  let room = maxParallel - underWay;
  let spare = maxUnavailable - slots.filter((slot) => !isThere(slot)).length;
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
function isReady(builder: ActionBuilder, instance: Instance): boolean {
  const { spec, probedHealth, now } = builder.input;
  if (instance.state === "exited") return restartAfter(spec.restart, instance, undefined).type === "completed";
  if (instance.state !== "running") return false;
  return healthOf({ spec, instance, probedHealth, now }).health === "healthy";
}

/** Its successor in the other runtime may not be started yet: until then it is better than nothing. */
function staysForNow(instance: Instance, { spec, instances, blocked }: ReconcileInput): boolean {
  return blocked !== null && isAlive(instance) &&
    !instances.some((one) => one.runtime === spec.runtime && one.slot === instance.slot && isAlive(one));
}

function missing({ input, fingerprint }: ActionBuilder, slot: number): Cause {
  const { state, spec } = input;
  const applied = state?.applied ?? null;
  if (applied === null) return { reason: "created", message: "is new on this device" };
  if (applied.fingerprint !== fingerprint) return input.cause ?? explainChange(applied.workload, spec);
  const known = state?.slots[slot] !== undefined;
  return {
    reason: "replica_missing",
    message: known ? "is not there any more" : `replicas = ${spec.replicas} asks for it`,
  };
}

function whyChanged({ input }: ActionBuilder, old: Instance, { because }: Strategy): Cause {
  const applied = input.state?.applied ?? null;
  const before = applied !== null && applied.fingerprint === old.fingerprint ? applied.workload : null;
  const why = input.cause ??
    (isOfFormerVersion(input, old) ? FORMER_VERSION : explainChange(before, input.spec, old));
  return because === null || !isAlive(old)
    ? why
    : { ...why, message: `${why.message}; the old one goes first: ${because}` };
}

/** Its applied spec is unchanged, and has another fingerprint since its mounted files are part of it. */
function isOfFormerVersion({ spec, state }: ReconcileInput, old: Instance): boolean {
  const applied = state?.applied ?? null;
  return applied?.fingerprint === fingerprintOf(spec) && old.fingerprint !== applied.fingerprint &&
    filesMountedAlone(spec).length > 0;
}

const FORMER_VERSION: Cause = {
  reason: "file_changed",
  message: "may still have an old content of a file that is mounted alone",
};

function publish(spec: Workload, instance: Instance): Action {
  const message = "is healthy, and others may find it";
  return { type: "publish", workload: spec.name, spec, instance, reason: "published", message };
}
