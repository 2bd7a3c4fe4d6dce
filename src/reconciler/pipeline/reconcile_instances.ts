/** Actions that take the instances of a workload that runs forever to its spec. */
import { filesMountedAlone, fingerprint as fingerprintOf } from "../../model/fingerprint.ts";
import type { DriftState } from "../../model/workload_state.ts";
import { isAlive } from "../../model/instance.ts";
import type { ReasonCode } from "../../model/reason.ts";
import type { Workload } from "../../model/workload.ts";
import type { Action, Cause } from "./action.ts";
import type { InstanceAssessment } from "./assess_instance.ts";
import type { Blocked } from "./blocked.ts";
import { repairBackoff, wasRemovedExternally } from "./drift_repair.ts";
import { earliest } from "./earliest.ts";
import { reloadAction } from "./file_reload.ts";
import { type Strategy, strategyOf } from "./rollout/rollout_strategy.ts";
import { type Slot, slotsOf } from "./slots.ts";
import { explainChange } from "./spec_diff.ts";
import type { ReconcileInput, Step } from "./step.ts";
import { prepareAction, stopAction, teardown } from "./instance_actions.ts";

/** Compares the slots of the spec with the instances. Reports a drift state only when repairs back off. */
export function reconcileInstances(input: ReconcileInput): Step {
  const { spec, instances, blocked } = input;
  const fingerprint = fingerprintOf(spec);
  const { slots, surplus } = slotsOf(spec, instances);
  const strategy = strategyOf(spec, instances.map(({ instance }) => instance));
  const { publishes = [], stops = [], starts = [], reloads = [], waiting, drift, wakeAt } = join([
    ...surplus.map(({ instance, cause }): SlotStep => {
      const isMove = cause.reason === "runtime_changed";
      if (isMove && staysUntilReplaced(instance, input)) return { waiting: blocked };
      return { stops: teardown(instance.instance, spec, cause) };
    }),
    ...slots.filter(hasCurrent).map((slot) => keepCurrent(input, slot, strategy)),
    ...slots.filter(isEmpty).map(({ slot }) => startMissing(input, slot)),
    ...slotsToChange(input, slots, strategy).map(({ slot, old }) => replaceOld(input, { slot, old: old!, strategy })),
  ]);
  return {
    fingerprint,
    actions: [...starts.slice(0, 1).map(prepareAction), ...publishes, ...stops, ...starts, ...reloads],
    wakeAt: wakeAt ?? null,
    waiting: waiting ?? null,
    planned: drift === undefined ? {} : { drift },
  };
}

/** Actions of one slot, by kind, so that those of all slots can be ordered. */
interface SlotStep {
  publishes?: Action[];
  stops?: Action[];
  starts?: (Action & { type: "start" })[];
  reloads?: Action[];
  waiting?: Blocked | null;
  drift?: DriftState | undefined;
  wakeAt?: number | null;
}

/** Joins the steps of several slots. The last one that waits, or backs off, speaks for the workload. */
function join(steps: readonly SlotStep[]): SlotStep {
  return {
    publishes: steps.flatMap((step) => step.publishes ?? []),
    stops: steps.flatMap((step) => step.stops ?? []),
    starts: steps.flatMap((step) => step.starts ?? []),
    reloads: steps.flatMap((step) => step.reloads ?? []),
    waiting: steps.findLast((step) => step.waiting !== undefined && step.waiting !== null)?.waiting ?? null,
    drift: steps.findLast((step) => step.drift !== undefined)?.drift,
    wakeAt: earliest(...steps.map((step) => step.wakeAt ?? null)),
  };
}

interface StartOptions {
  /** Stopped first if it is alive. */
  previous?: InstanceAssessment | null;
  /** `previous` is removed too, so that nothing of it is used again. */
  fresh?: boolean;
  /** Another instance of the slot keeps running. */
  beside?: boolean;
}

/** Reasons of a start that brings back what ran a moment ago: these starts wait for no dependency and no resources. */
const RETURNS: ReadonlySet<ReasonCode> = new Set(["exited", "unhealthy", "forced", "drift", "rollback"]);

function start(
  { spec, blocked }: ReconcileInput,
  { slot, cause, previous = null, fresh = false, beside = false }: StartOptions & { slot: number; cause: Cause },
): SlotStep {
  if (blocked !== null && !RETURNS.has(cause.reason)) return { waiting: blocked };
  const before = previous?.instance ?? null;
  const stops = before === null
    ? []
    : fresh
    ? teardown(before, spec, cause)
    : isAlive(before)
    ? [{ ...stopAction(before, spec, cause), isReplaced: true }]
    : [];
  const action = {
    type: "start" as const,
    workload: spec.name,
    spec,
    slot,
    fingerprint: fingerprintOf(spec),
    ...cause,
    previous: fresh ? null : before,
    ...(beside ? { canary: true } : {}),
  };
  return { stops, starts: [action] };
}

type CurrentSlot = Slot & { current: InstanceAssessment };

function hasCurrent(slot: Slot): slot is CurrentSlot {
  return slot.current !== null;
}

function isEmpty({ current, old }: Slot): boolean {
  return current === null && old === null;
}

/** Keeps the current instance of a slot running, restarts it, or lets it take over from its predecessor. */
function keepCurrent(input: ReconcileInput, { slot, current, old }: CurrentSlot, strategy: Strategy): SlotStep {
  const { spec } = input;
  const keepsOld = old !== null && isAlive(old.instance) && strategy.type === "start-first" &&
    old.instance.fingerprint !== input.quarantined && !current.isReady;
  const takesOver = !keepsOld && current.instance.canary === true;
  return join([
    takesOver ? { publishes: [publishAction(spec, current)] } : {},
    old === null || keepsOld ? {} : { stops: teardown(old.instance, spec, causeOfChange(input, old, strategy)) },
    superviseCurrent(
      input,
      current,
      (cause, fresh = false) => start(input, { slot, cause, previous: current, fresh, beside: keepsOld }),
    ),
  ]);
}

type Restart = (cause: Cause, fresh?: boolean) => SlotStep;

/** Decides whether the current instance of a slot is restarted, for the first reason that applies. */
function superviseCurrent(input: ReconcileInput, current: InstanceAssessment, restart: Restart): SlotStep {
  const { spec, forced, dependencyStart } = input;
  const { instance } = current;
  if (forced.has(instance.id)) return restart({ reason: "forced", message: "a restart was asked for on the device" });
  const drift = spec.drift === "off" ? null : current.drift;
  if (drift !== null && spec.drift === "repair") return repair(input, drift, (cause) => restart(cause, true));
  // Drift that is only reported is no crash: the restart policy does not apply to it.
  if (drift !== null && instance.state !== "running") return {};
  if (instance.state === "exited") return restartAfterExit(input, current, restart);
  if (
    dependencyStart !== null && instance.state === "running" && dependencyStart.at > (instance.startedAt ?? 0)
  ) {
    const message = `"${dependencyStart.name}", which it depends on, was started again`;
    return restart({ reason: "dependency_restarted", message });
  }
  return superviseRunning(input, current, restart);
}

/** Starts an instance for a slot that has none. */
function startMissing(input: ReconcileInput, slot: number): SlotStep {
  const { spec, state, forced } = input;
  const wasRemoved = wasRemovedExternally(spec, { slot, fingerprint: fingerprintOf(spec), state });
  if (!wasRemoved || forced.has(spec.name)) return start(input, { slot, cause: causeOfStart(input, slot) });
  if (spec.drift !== "repair") return {};
  return repair(input, "was removed by hand", (cause) => start(input, { slot, cause }));
}

/** Replaces an instance of another fingerprint, or starts a canary beside it. */
function replaceOld(
  input: ReconcileInput,
  { slot, old, strategy }: { slot: number; old: InstanceAssessment; strategy: Strategy },
): SlotStep {
  const cause = causeOfChange(input, old, strategy);
  const beside = strategy.type === "start-first" && isAlive(old.instance);
  return start(input, { slot, cause, ...(beside ? { beside } : { previous: old }) });
}

function restartAfterExit({ spec }: ReconcileInput, current: InstanceAssessment, restart: Restart): SlotStep {
  const { instance, restart: decision, restartDelayedUntil, slotState, exit } = current;
  if (instance.stoppedByHand === true && spec.drift !== "repair") return {};
  if (decision.type !== "again" || slotState?.halted !== undefined) return {};
  if (restartDelayedUntil !== null) return { wakeAt: restartDelayedUntil };
  return restart({ reason: "exited", message: exit });
}

function superviseRunning(input: ReconcileInput, current: InstanceAssessment, restart: Restart): SlotStep {
  const { spec } = input;
  const { instance, oldFiles: old, healthWakeAt } = current;
  return join([
    { wakeAt: healthWakeAt, reloads: old === null ? [] : [reloadAction(spec, { instance, old })] },
    instance.state === "running" && current.health === "unhealthy" ? handleUnhealthy(input, current, restart) : {},
  ]);
}

function handleUnhealthy({ spec, isRollout }: ReconcileInput, current: InstanceAssessment, restart: Restart): SlotStep {
  const { instance, restart: decision, restartDelayedUntil } = current;
  const cause: Cause = { reason: "unhealthy", message: "does not pass its health check" };
  const onFailure = spec.health?.onFailure;
  if (onFailure === "stop") return { stops: [stopAction(instance, spec, cause)] };
  if (onFailure !== "restart") return {};
  // The deadline of a rollout decides. A restart before it would only lose the output and the probes that tell the cause.
  if (isRollout && !current.hasBeenHealthy) return {};
  if (spec.restart.when === "never" || decision.type !== "again") {
    return { stops: [stopAction(instance, spec, cause)] };
  }
  if (restartDelayedUntil !== null) return { wakeAt: restartDelayedUntil };
  return restart(cause);
}

/** Repairs drift by a restart, unless repairs back off. */
function repair({ spec, state, now }: ReconcileInput, message: string, restart: Restart): SlotStep {
  const backoff = repairBackoff({ message, fingerprint: fingerprintOf(spec), drift: state?.drift, now });
  if (backoff === null) return restart({ reason: "drift", message });
  return { drift: backoff.drift, waiting: backoff.blocked };
}

/** Chooses the slots that are changed to the new fingerprint now. */
function slotsToChange({ spec }: ReconcileInput, slots: readonly Slot[], strategy: Strategy): Slot[] {
  const outdated = slots.filter(({ current, old }) => current === null && old !== null);
  if (strategy.type === "recreate") return outdated;
  const { maxParallel, maxUnavailable } = spec.rollout;
  const inProgress = slots.filter(({ current }) => current !== null && !current.isReady).length;
  const isServing = ({ current, old }: Slot) => current?.isReady === true || (old !== null && isAlive(old.instance));
  const room = Math.max(0, maxParallel - inProgress);
  const spare = Math.max(0, maxUnavailable - slots.filter((slot) => !isServing(slot)).length);
  // Slots that serve nobody come first: their replacement costs no availability.
  const free = outdated.filter((slot) => !isServing(slot));
  const serving = outdated.filter(isServing);
  return [...free, ...(strategy.type === "rolling" ? serving.slice(0, spare) : serving)].slice(0, room);
}

/** True while an instance in the former runtime is kept because its successor may not be started yet. */
function staysUntilReplaced({ instance }: InstanceAssessment, { spec, instances, blocked }: ReconcileInput): boolean {
  const isSuccessor = (other: InstanceAssessment["instance"]) =>
    other.runtime === spec.runtime && other.slot === instance.slot && isAlive(other);
  return blocked !== null && isAlive(instance) && !instances.some((other) => isSuccessor(other.instance));
}

function causeOfStart({ state, spec, cause }: ReconcileInput, slot: number): Cause {
  const applied = state?.applied ?? null;
  if (applied === null) return { reason: "created", message: "is new on this device" };
  if (applied.fingerprint !== fingerprintOf(spec)) return cause ?? explainChange(applied.workload, spec);
  const wasStarted = state?.slots[slot] !== undefined;
  return {
    reason: "replica_missing",
    message: wasStarted ? "is not there any more" : `replicas = ${spec.replicas} asks for it`,
  };
}

function causeOfChange({ state, spec, cause }: ReconcileInput, old: InstanceAssessment, strategy: Strategy): Cause {
  const applied = state?.applied ?? null;
  const before = applied !== null && applied.fingerprint === old.instance.fingerprint ? applied.workload : null;
  const change = cause ??
    (isOfFormerVersion(spec, state, old) ? FORMER_VERSION : explainChange(before, spec, old.instance));
  return strategy.limitation === null || !isAlive(old.instance)
    ? change
    : { ...change, message: `${change.message}; the old one goes first: ${strategy.limitation}` };
}

/**
 * True for an instance of the unchanged applied spec that has another fingerprint: it was started by a version of
 * HarborNode whose fingerprints did not contain the files that are mounted alone.
 */
function isOfFormerVersion(spec: Workload, state: ReconcileInput["state"], { instance }: InstanceAssessment): boolean {
  const applied = state?.applied ?? null;
  return applied?.fingerprint === fingerprintOf(spec) && instance.fingerprint !== applied.fingerprint &&
    filesMountedAlone(spec).length > 0;
}

const FORMER_VERSION: Cause = {
  reason: "file_changed",
  message: "may still have an old content of a file that is mounted alone",
};

function publishAction(spec: Workload, { instance }: InstanceAssessment): Action {
  const message = "is healthy, and others may find it";
  return { type: "publish", workload: spec.name, spec, instance, reason: "published", message };
}
