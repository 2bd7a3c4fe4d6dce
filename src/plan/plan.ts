/**
 * The difference of desired and observed, as actions with reasons. Pure and total: the same input gives the same plan,
 * whatever the order of what was observed, and any input gives one.
 *
 * What it never does: take a workload that is held or suspended to another spec than the last applied one; touch a
 * workload that is being worked on, or anything of a runtime whose observation failed; remove what `prune` holds.
 */
import type { ModeChoice } from "../model/desired.ts";
import { canonical } from "../model/fingerprint.ts";
import type { WorkloadMemory } from "../model/memory.ts";
import type { Instance, Observation } from "../model/observed.ts";
import { NO_ROLLOUTS, type RolloutMemory } from "../model/rollout.ts";
import type { Workload } from "../model/workload.ts";
import type { Action } from "./action.ts";
import { admission, type Blocked } from "./admission.ts";
import { barOf, closedNow } from "./barred/bar.ts";
import { answeringSinceHold, holdDueAt, holdOf, holdsToRemember, leftAlone } from "./barred/holds.ts";
import type { Step } from "./converge.ts";
import { convergeKind } from "./job/converge_kind.ts";
import { lastStartOfNeeded, unready } from "./depends.ts";
import { type Effective, effective } from "./effective.ts";
import type { ChosenMode } from "./mode.ts";
import { chooseAllowed, refuserOf } from "./barred/owner_word.ts";
import { retryOf } from "./attempt.ts";
import { frozenRollouts, frozenStep } from "./frozen.ts";
import type { PlanInput } from "./plan_input.ts";
import { graceOf } from "./removal/grace.ts";
import { guardsOf, type Prune, prune } from "./removal/prune.ts";
import { removals } from "./removal/removals.ts";
import { type Grant, grantOf } from "./restart/again.ts";
import { withImageUpdate } from "./rollout/image_update.ts";
import { judge, type Judged } from "./rollout/judge.ts";
import { keptWithout, mayBeTakenBack, refusalOf, type RefusedRevision } from "./rollout/revision_scope.ts";
import { wayBack } from "./rollout/way_back.ts";

/** What a plan alone knows: runs of jobs, rollouts, repairs, holds that are over. Absent is what stays. */
export type PlannedMemory = Partial<Pick<WorkloadMemory, "job" | "rollouts" | "drift" | "goneSince" | "hold">>;

export interface Plan {
  actions: Action[];
  /** Every workload that the device should run, with the spec that counts for it now. */
  workloads: Effective[];
  /** By name, what is to be started and why it is not yet. */
  waiting: Map<string, Blocked>;
  /** By id of an instance, whether it may be started again without us. */
  grants: Map<string, Grant | null>;
  /** By name, what is to be remembered before anything is done. */
  memories: Map<string, PlannedMemory>;
  /** The revision is to be taken back whole, from the next plan on; to be remembered. Null for none. */
  refusedRevision: RefusedRevision | null;
  pruneHeld: Prune["held"];
  /** When something becomes due though nothing changes; null for never. */
  wakeAt: number | null;
}

export const NOTHING: Plan = {
  actions: [],
  workloads: [],
  waiting: new Map(),
  grants: new Map(),
  memories: new Map(),
  refusedRevision: null,
  pruneHeld: null,
  wakeAt: null,
};

export function plan(input: PlanInput): Plan {
  const { desired } = input;
  if (desired === null) return NOTHING;

  const instances = observedInstances(input.observations);
  const byWorkload = Map.groupBy(instances, (instance) => instance.workload);
  const takenBack = input.refusedRevision?.revision === desired.revision ? input.refusedRevision.message : null;
  const due: number[] = [];
  const refuse = refuserOf(desired.workloads, { ...input, choices: desired.choices });
  const asked = effective(desired, {
    memory: input.memory,
    follow: (spec) => {
      const followed = withImageUpdate(spec, { memory: input.memory.get(spec.name), now: input.now });
      if (followed.wakeAt !== null) due.push(followed.wakeAt);
      return followed.spec;
    },
    bar: (spec) => barOf(spec, { input, desired, byWorkload, refuse, due: (at) => due.push(at) }),
    holdOf: (name) => holdOf(name, input),
    choose: (choice) => chosenOf(choice, { input, byWorkload }),
    judge: (asked) => judgeOne({ ...asked, takenBack }, { input, byWorkload }),
  });
  const kept = takenBack === null ? [] : keptWithout(asked, { memory: input.memory, instances });
  const left = leftAlone(input, { asked, present: [...byWorkload.keys()] });
  const workloads = [...asked, ...kept, ...left];
  due.push(...workloads.flatMap(({ held }) => (held === null ? null : holdDueAt(held, input)) ?? []));
  const closed = closedNow(input);
  const present = [...byWorkload.keys()].filter((name) => !left.some((one) => one.name === name));
  const gone = present.filter((name) => !workloads.some((one) => one.name === name));
  const grace = graceOf({ ...input, gone });
  const pruned = prune({
    desired,
    present,
    grace: grace.until,
    doubt: input.pruneDoubt,
    closed: closed?.message ?? null,
    guards: guardsOf(input.memory),
    confirmed: input.pruneConfirmed,
  });

  if (pruned.held !== null && closed !== null && closed.until !== null) due.push(closed.until);

  const { memory, memoryBytes, rolloutScope } = input;
  const admitted = admission({ workloads, instances, memory, memoryBytes });
  const counting = refuserOf(workloads.flatMap(({ spec }) => spec ?? []), input);
  const scene: Scene = { input, workloads, instances, byWorkload, admitted, refuse: counting };
  const draft: Draft = { actions: [], due, waiting: new Map(), memories: new Map(), grants: new Map() };
  for (const [name, goneSince] of grace.goneSince) remember(draft, { name, said: { goneSince } });
  for (const [name, hold] of holdsToRemember(input)) remember(draft, { name, said: { hold } });
  due.push(...grace.until.values());
  for (const workload of workloads) planWorkload(draft, { ...workload, scene });
  const isOpen = takenBack !== null || mayBeTakenBack(workloads, rolloutScope);
  const leaving = removals(isOpen ? [] : pruned.allowed, {
    stopped: isOpen ? [] : pruned.stopped,
    input,
    byWorkload,
    revision: desired.revision,
  });
  draft.actions.push(...leaving.actions);
  due.push(...leaving.due);
  const { actions, waiting, memories, grants } = draft;
  const refusedRevision = takenBack !== null
    ? null
    : refusalOf(workloads, { revision: desired.revision, scope: rolloutScope });
  const wakeAt = due.length === 0 ? null : Math.min(...due);
  return { actions, workloads, waiting, grants, memories, refusedRevision, pruneHeld: pruned.held, wakeAt };
}

/** What all workloads are looked at together for. */
interface Scene {
  input: PlanInput;
  workloads: readonly Effective[];
  instances: readonly Instance[];
  byWorkload: ReadonlyMap<string, readonly Instance[]>;
  admitted: ReadonlyMap<string, Blocked>;
  refuse: ReturnType<typeof refuserOf>;
}

/** A plan on its way. */
type Draft = Pick<Plan, "actions" | "waiting" | "memories" | "grants"> & { due: number[] };

function planWorkload(draft: Draft, { name, spec, frozen, chosen, judged, scene }: Effective & { scene: Scene }): void {
  const { input } = scene;
  const { memory, now } = input;
  if (spec === null || frozen === "untouched" || input.busy.has(name)) return;
  const paused = frozen === undefined ? null : frozenRollouts(memory.get(name)?.rollouts);
  if (paused !== null) remember(draft, { name, said: { rollouts: paused } });
  if (judged !== null) noteRollouts(draft, { name, judged, known: memory.get(name)?.rollouts ?? NO_ROLLOUTS });
  if (chosen !== null && chosen.blocked !== null) return void draft.waiting.set(name, chosen.blocked);
  if (!isObserved(input, spec)) return;
  // Whatever the spec came from, memory or a way back: what the owner does not allow is never started.
  const refusal = scene.refuse(spec);
  if (refusal !== null) {
    // Nor by its shim or Docker, as long as it runs.
    for (const instance of scene.byWorkload.get(name) ?? []) draft.grants.set(instance.id, null);
    return void draft.waiting.set(name, refusal);
  }

  const step = stepOf(spec, { judged, frozen, scene, remember: (said) => remember(draft, { name, said }) });
  if (step.drift !== undefined && canonical(step.drift) !== canonical(memory.get(name)?.drift)) {
    remember(draft, { name, said: { drift: step.drift } });
  }
  noteGrants(draft, { spec, step, scene });
  if (step.waiting !== null) draft.waiting.set(name, step.waiting);
  if (step.wakeAt !== null) draft.due.push(step.wakeAt);
  const attempt = input.attempts.get(name);
  const retryAt = attempt?.fingerprint === step.fingerprint ? retryOf(attempt, now) : null;
  if (retryAt === null) draft.actions.push(...step.actions);
  else if (step.actions.length > 0) draft.due.push(retryAt);
}

function noteRollouts(
  draft: Draft,
  { name, judged, known }: { name: string; judged: Judged; known: RolloutMemory },
): void {
  const { rollouts, wakeAt } = judged;
  if (rollouts !== known && canonical(rollouts) !== canonical(known)) remember(draft, { name, said: { rollouts } });
  if (wakeAt !== null) draft.due.push(wakeAt);
}

function stepOf(
  spec: Workload,
  { judged, frozen, scene, remember }: {
    judged: Judged | null;
    frozen: Effective["frozen"];
    scene: Scene;
    remember: (said: PlannedMemory) => void;
  },
): Step {
  const { input, byWorkload, admitted } = scene;
  const { memory, verdicts, forced, now, clockSetAt } = input;
  const order = { ...scene, memory, verdicts, now };
  const unmet = unready(spec, order);
  const refused = judged?.refused ?? null;
  const converge = (instances: readonly Instance[]) =>
    convergeKind({
      spec,
      instances,
      memory: memory.get(spec.name),
      forced,
      verdicts,
      blocked: admitted.get(spec.name) ?? (unmet === null ? null : { reason: "dependency_not_ready", message: unmet }),
      because: refused === null ? null : { reason: "rollback", message: wayBack(refused) },
      refused: refused?.fingerprint ?? null,
      isRollout: refused === null && judged?.rollouts.underWay !== undefined &&
        judged.rollouts.underWay.failed === undefined,
      dependsOnStart: lastStartOfNeeded(spec, order),
      now,
      ...(clockSetAt === undefined ? {} : { clockSetAt }),
    }, { since: input.since, clock: input.clockDoubt ?? null, remember });
  const instances = byWorkload.get(spec.name) ?? [];
  return frozen === undefined ? converge(instances) : frozenStep(spec, { instances, converge });
}

function noteGrants(draft: Draft, { spec, step, scene }: { spec: Workload; step: Step; scene: Scene }): void {
  const { input: { memory, now, clockSetAt }, byWorkload } = scene;
  for (const instance of byWorkload.get(spec.name) ?? []) {
    const isCurrent = instance.fingerprint === step.fingerprint && step.actions.length === 0;
    const slot = memory.get(spec.name)?.slots[instance.slot];
    const { grant, wakeAt } = isCurrent ? grantOf(spec, instance, { memory: slot, now, clockSetAt }) : NO_GRANT;
    // What has ended by hand must not come back with Docker.
    const isConcerned = instance.state === "running" || (instance.runtime === "docker" && instance.state === "exited");
    if (isConcerned) draft.grants.set(instance.id, grant);
    if (wakeAt !== null) draft.due.push(wakeAt);
  }
}

function remember({ memories }: Draft, { name, said }: { name: string; said: PlannedMemory }): void {
  memories.set(name, { ...memories.get(name), ...said });
}

const NO_GRANT = { grant: null, wakeAt: null };
function chosenOf(
  choice: ModeChoice,
  { input, byWorkload }: { input: PlanInput; byWorkload: ReadonlyMap<string, readonly Instance[]> },
): ChosenMode {
  const { name } = choice.specs[0]!;
  const own = byWorkload.get(name) ?? [];
  return chooseAllowed(choice, {
    ...input,
    instances: own,
    memory: input.memory.get(name),
    isForced: own.some((instance) => input.forced.has(instance.id)),
  });
}

function judgeOne(
  { asked, revision, takenBack }: { asked: Workload; revision: string; takenBack: string | null },
  { input, byWorkload }: { input: PlanInput; byWorkload: ReadonlyMap<string, readonly Instance[]> },
): Judged {
  const memory = input.memory.get(asked.name);
  return judge({
    asked,
    revision,
    rollouts: memory?.rollouts,
    slots: memory?.slots ?? {},
    instances: byWorkload.get(asked.name) ?? [],
    attempt: input.attempts.get(asked.name),
    verdicts: input.verdicts,
    answeringSince: answeringSinceHold(memory?.hold, input),
    takenBack,
    now: input.now,
    clockSetAt: input.clockSetAt,
  });
}

/** Sorted, so that the order in which runtimes list their instances never matters. */
function observedInstances(observations: readonly Observation[]): Instance[] {
  return observations.flatMap((observation) => observation.ok ? observation.instances : [])
    .sort((a, b) => order(a.workload, b.workload) || a.slot - b.slot || order(a.id, b.id));
}

function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function isObserved(input: PlanInput, spec: Workload): boolean {
  return input.enabledRuntimes.includes(spec.runtime) &&
    input.observations.some((observation) => observation.runtime === spec.runtime && observation.ok);
}
