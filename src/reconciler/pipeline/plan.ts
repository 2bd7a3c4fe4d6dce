/**
 * The difference of desired and observed, as actions with reasons. Pure and total: the same input gives the same plan,
 * whatever the order of what was observed, and any input gives one.
 *
 * What it never does: take a suspended workload to another spec than the last applied one; touch a
 * workload that is being worked on, or anything of a runtime whose observation failed; remove what `prune` holds.
 */
import type { RuntimeOptions } from "../../model/desired.ts";
import { canonical } from "../../model/fingerprint.ts";
import type { WorkloadState } from "../../model/workload_state.ts";
import { type Instance, type Observation, observedInstances } from "../../model/instance.ts";
import { NO_ROLLOUTS, type RolloutState } from "../../model/rollout.ts";
import type { Workload } from "../../model/workload.ts";
import type { Action } from "./action.ts";
import { type Blocked, blockedWorkloads } from "./feasibility.ts";
import { gateFor, removalWindowClosed } from "./gates/gate.ts";
import {
  activeOverride,
  answeringSinceOverride,
  ignoredWhileOverridden,
  overrideDueAt,
  overridesToPersist,
} from "./gates/active_override.ts";
import type { Step } from "./reconcile_workload.ts";
import { reconcileKind } from "./reconcile_kind.ts";
import { lastDependencyStart, unmetDependency } from "./dependencies.ts";
import { type ResolvedWorkload, resolveWorkloads } from "./resolve_workloads.ts";
import type { RuntimeChoice } from "./runtime_choice.ts";
import { chooseAllowedRuntime, policyChecker } from "./gates/policy_gate.ts";
import { retryOf } from "./retry_state.ts";
import { suspendedRollouts, suspendedStep } from "./suspended_workload.ts";
import type { PlanInput } from "./plan_input.ts";
import { gracePeriods } from "./removal/grace_period.ts";
import { type Prune, prune, removalGuards } from "./removal/prune_guards.ts";
import { removalActions } from "./removal/removal_actions.ts";
import { type RestartLease, restartLease } from "./restart/delegated_restart.ts";
import { withPinnedDigest } from "./pin_image.ts";
import { evaluateRollout, type RolloutDecision } from "./rollout/evaluate_rollout.ts";
import {
  isRevisionRollbackPossible,
  type QuarantinedRevision,
  retainedWorkloads,
  revisionQuarantine,
} from "./rollout/revision_rollback.ts";
import { rollbackReason } from "./rollout/rollback_reason.ts";

/** What a plan alone knows: runs of jobs, rollouts, repairs, holds that are over. Absent is what stays. */
export type PlannedState = Partial<Pick<WorkloadState, "job" | "rollouts" | "drift" | "goneSince" | "override">>;

export interface Plan {
  actions: Action[];
  /** Every workload that the device should run, with the spec that counts for it now. */
  workloads: ResolvedWorkload[];
  /** By name, what is to be started and why it is not yet. */
  waiting: Map<string, Blocked>;
  /** By id of an instance, whether it may be started again without us. */
  restartLeases: Map<string, RestartLease | null>;
  /** By name, what is to be remembered before anything is done. */
  plannedStates: Map<string, PlannedState>;
  /** The revision is to be taken back whole, from the next plan on; to be remembered. Null for none. */
  quarantinedRevision: QuarantinedRevision | null;
  pendingRemoval: Prune["held"];
  /** When something becomes due though nothing changes; null for never. */
  wakeAt: number | null;
}

export const EMPTY_PLAN: Plan = {
  actions: [],
  workloads: [],
  waiting: new Map(),
  restartLeases: new Map(),
  plannedStates: new Map(),
  quarantinedRevision: null,
  pendingRemoval: null,
  wakeAt: null,
};

export function plan(input: PlanInput): Plan {
  const { desired } = input;
  if (desired === null) return EMPTY_PLAN;

  const instances = sortedInstances(input.observations);
  const byWorkload = Map.groupBy(instances, (instance) => instance.workload);
  const takenBack = input.quarantinedRevision?.revision === desired.revision ? input.quarantinedRevision.message : null;
  const due: number[] = [];
  const refuse = policyChecker(desired.workloads, { ...input, choices: desired.choices });
  const asked = resolveWorkloads(desired, {
    states: input.states,
    follow: (spec) => {
      const followed = withPinnedDigest(spec, { state: input.states.get(spec.name), now: input.now });
      if (followed.wakeAt !== null) due.push(followed.wakeAt);
      return followed.spec;
    },
    bar: (spec) => gateFor(spec, { input, desired, byWorkload, refuse, due: (at) => due.push(at) }),
    holdOf: (name) => activeOverride(name, input),
    choose: (choice) => chosenOf(choice, { input, byWorkload }),
    judge: (asked) => evaluateWorkloadRollout({ ...asked, takenBack }, { input, byWorkload }),
  });
  const kept = takenBack === null ? [] : retainedWorkloads(asked, { states: input.states, instances });
  const left = ignoredWhileOverridden(input, { asked, present: [...byWorkload.keys()] });
  const workloads = [...asked, ...kept, ...left];
  due.push(...workloads.flatMap(({ override }) => (override === null ? null : overrideDueAt(override, input)) ?? []));
  const closed = removalWindowClosed(input);
  const present = [...byWorkload.keys()].filter((name) => !left.some((workload) => workload.name === name));
  const gone = present.filter((name) => !workloads.some((workload) => workload.name === name));
  const grace = gracePeriods({ ...input, gone });
  const pruned = prune({
    desired,
    present,
    grace: grace.until,
    doubt: input.pruneDoubt,
    closed: closed?.message ?? null,
    guards: removalGuards(input.states),
    confirmed: input.pruneConfirmed,
  });

  if (pruned.held !== null && closed !== null && closed.until !== null) due.push(closed.until);

  const { states, memoryBytes, rolloutScope } = input;
  const admitted = blockedWorkloads({ workloads, instances, states, memoryBytes });
  const counting = policyChecker(workloads.flatMap(({ spec }) => spec ?? []), input);
  const context: PlanContext = { input, workloads, instances, byWorkload, admitted, refuse: counting };
  const draft: Draft = { actions: [], due, waiting: new Map(), plannedStates: new Map(), restartLeases: new Map() };
  for (const [name, goneSince] of grace.goneSince) remember(draft, { name, said: { goneSince } });
  for (const [name, override] of overridesToPersist(input)) remember(draft, { name, said: { override } });
  due.push(...grace.until.values());
  for (const workload of workloads) planWorkload(draft, { ...workload, context });
  const isOpen = takenBack !== null || isRevisionRollbackPossible(workloads, rolloutScope);
  const leaving = removalActions(isOpen ? [] : pruned.allowed, {
    stopped: isOpen ? [] : pruned.stopped,
    input,
    byWorkload,
    revision: desired.revision,
  });
  draft.actions.push(...leaving.actions);
  due.push(...leaving.due);
  const { actions, waiting, plannedStates, restartLeases } = draft;
  const refusedRevision = takenBack !== null
    ? null
    : revisionQuarantine(workloads, { revision: desired.revision, scope: rolloutScope });
  const wakeAt = due.length === 0 ? null : Math.min(...due);
  return {
    actions,
    workloads,
    waiting,
    restartLeases,
    plannedStates,
    quarantinedRevision: refusedRevision,
    pendingRemoval: pruned.held,
    wakeAt,
  };
}

/** What all workloads are looked at together for. */
interface PlanContext {
  input: PlanInput;
  workloads: readonly ResolvedWorkload[];
  instances: readonly Instance[];
  byWorkload: ReadonlyMap<string, readonly Instance[]>;
  admitted: ReadonlyMap<string, Blocked>;
  refuse: ReturnType<typeof policyChecker>;
}

/** A plan on its way. */
type Draft = Pick<Plan, "actions" | "waiting" | "plannedStates" | "restartLeases"> & { due: number[] };

function planWorkload(
  draft: Draft,
  { name, spec, frozen, runtimeChoice, rollout, context }: ResolvedWorkload & { context: PlanContext },
): void {
  const { input } = context;
  const { states, now } = input;
  if (spec === null || frozen === "untouched" || input.busy.has(name)) return;
  const paused = frozen === undefined ? null : suspendedRollouts(states.get(name)?.rollouts);
  if (paused !== null) remember(draft, { name, said: { rollouts: paused } });
  if (rollout !== null) noteRollouts(draft, { name, rollout, known: states.get(name)?.rollouts ?? NO_ROLLOUTS });
  if (runtimeChoice !== null && runtimeChoice.blocked !== null) {
    return void draft.waiting.set(name, runtimeChoice.blocked);
  }
  if (!isObserved(input, spec)) return;
  // Whatever the spec came from, memory or a way back: what the owner does not allow is never started.
  const refusal = context.refuse(spec);
  if (refusal !== null) {
    // Nor by its shim or Docker, as long as it runs.
    for (const instance of context.byWorkload.get(name) ?? []) draft.restartLeases.set(instance.id, null);
    return void draft.waiting.set(name, refusal);
  }

  const step = stepOf(spec, { rollout, frozen, context, remember: (said) => remember(draft, { name, said }) });
  if (step.drift !== undefined && canonical(step.drift) !== canonical(states.get(name)?.drift)) {
    remember(draft, { name, said: { drift: step.drift } });
  }
  noteGrants(draft, { spec, step, context });
  if (step.waiting !== null) draft.waiting.set(name, step.waiting);
  if (step.wakeAt !== null) draft.due.push(step.wakeAt);
  const retry = input.retries.get(name);
  const retryAt = retry?.fingerprint === step.fingerprint ? retryOf(retry, now) : null;
  if (retryAt === null) draft.actions.push(...step.actions);
  else if (step.actions.length > 0) draft.due.push(retryAt);
}

function noteRollouts(
  draft: Draft,
  { name, rollout, known }: { name: string; rollout: RolloutDecision; known: RolloutState },
): void {
  const { rollouts, wakeAt } = rollout;
  if (rollouts !== known && canonical(rollouts) !== canonical(known)) remember(draft, { name, said: { rollouts } });
  if (wakeAt !== null) draft.due.push(wakeAt);
}

function stepOf(
  spec: Workload,
  { rollout, frozen, context, remember }: {
    rollout: RolloutDecision | null;
    frozen: ResolvedWorkload["frozen"];
    context: PlanContext;
    remember: (said: PlannedState) => void;
  },
): Step {
  const { input, byWorkload, admitted } = context;
  const { states, probedHealth, forcedRestarts, now, clockSetAt } = input;
  const order = { ...context, states, probedHealth, now };
  const unmet = unmetDependency(spec, order);
  const quarantined = rollout?.quarantined ?? null;
  const converge = (instances: readonly Instance[]) =>
    reconcileKind({
      spec,
      instances,
      state: states.get(spec.name),
      forced: forcedRestarts,
      probedHealth,
      blocked: admitted.get(spec.name) ?? (unmet === null ? null : { reason: "dependency_not_ready", message: unmet }),
      cause: quarantined === null ? null : { reason: "rollback", message: rollbackReason(quarantined) },
      refused: quarantined?.fingerprint ?? null,
      isRollout: quarantined === null && rollout?.rollouts.underWay !== undefined &&
        rollout.rollouts.underWay.failed === undefined,
      dependsOnStart: lastDependencyStart(spec, order),
      now,
      ...(clockSetAt === undefined ? {} : { clockSetAt }),
    }, { since: input.since, clock: input.clockDoubt ?? null, remember });
  const instances = byWorkload.get(spec.name) ?? [];
  return frozen === undefined ? converge(instances) : suspendedStep(spec, { instances, converge });
}

function noteGrants(draft: Draft, { spec, step, context }: { spec: Workload; step: Step; context: PlanContext }): void {
  const { input: { states, now, clockSetAt }, byWorkload } = context;
  for (const instance of byWorkload.get(spec.name) ?? []) {
    const isCurrent = instance.fingerprint === step.fingerprint && step.actions.length === 0;
    const slot = states.get(spec.name)?.slots[instance.slot];
    const { lease, wakeAt } = isCurrent ? restartLease(spec, instance, { slotState: slot, now, clockSetAt }) : NO_LEASE;
    // What has ended by hand must not come back with Docker.
    const isConcerned = instance.state === "running" || (instance.runtime === "docker" && instance.state === "exited");
    if (isConcerned) draft.restartLeases.set(instance.id, lease);
    if (wakeAt !== null) draft.due.push(wakeAt);
  }
}

function remember({ plannedStates }: Draft, { name, said }: { name: string; said: PlannedState }): void {
  plannedStates.set(name, { ...plannedStates.get(name), ...said });
}

const NO_LEASE = { lease: null, wakeAt: null };
function chosenOf(
  choice: RuntimeOptions,
  { input, byWorkload }: { input: PlanInput; byWorkload: ReadonlyMap<string, readonly Instance[]> },
): RuntimeChoice {
  const { name } = choice.specs[0]!;
  const own = byWorkload.get(name) ?? [];
  return chooseAllowedRuntime(choice, {
    ...input,
    instances: own,
    state: input.states.get(name),
    isForced: own.some((instance) => input.forcedRestarts.has(instance.id)),
  });
}

function evaluateWorkloadRollout(
  { desired, revision, takenBack }: { desired: Workload; revision: string; takenBack: string | null },
  { input, byWorkload }: { input: PlanInput; byWorkload: ReadonlyMap<string, readonly Instance[]> },
): RolloutDecision {
  const state = input.states.get(desired.name);
  return evaluateRollout({
    desired,
    revision,
    rollouts: state?.rollouts,
    slots: state?.slots ?? {},
    instances: byWorkload.get(desired.name) ?? [],
    retry: input.retries.get(desired.name),
    probedHealth: input.probedHealth,
    answeringSince: answeringSinceOverride(state?.override, input),
    takenBack,
    now: input.now,
    clockSetAt: input.clockSetAt,
  });
}

/** Sorted, so that the order in which runtimes list their instances never matters. */
function sortedInstances(observations: readonly Observation[]): Instance[] {
  return observedInstances(observations)
    .sort((a, b) => order(a.workload, b.workload) || a.slot - b.slot || order(a.id, b.id));
}

function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function isObserved(input: PlanInput, spec: Workload): boolean {
  return input.enabledRuntimes.includes(spec.runtime) &&
    input.observations.some((observation) => observation.runtime === spec.runtime && observation.ok);
}
