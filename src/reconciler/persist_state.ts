/** Persists the results of a reconcile: applied specs, planned state, and what the revision has reached. */
import type { Clock } from "../clock.ts";
import { logger } from "../log.ts";
import { fingerprint, isSameSpec } from "../model/fingerprint.ts";
import { type Applied, retainedSpecs } from "../model/workload_state.ts";
import { slotAfterRespawns } from "./pipeline/restart/delegated_restart.ts";
import { describeExit } from "./pipeline/describe_exit.ts";
import { isSameOverride } from "./pipeline/gates/active_override.ts";
import type { ResolvedWorkload } from "./pipeline/resolved_workload.ts";
import type { RevisionProgress } from "./pipeline/revision_progress.ts";
import type { RuntimeName } from "../model/workload.ts";
import type { Prober } from "../probe/prober.ts";
import type { ArtifactStore } from "../runtime/native/artifact/artifact_store.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { Desired } from "../model/desired.ts";
import type { SourceIdentity } from "../store/source_record.ts";
import type { EventLog } from "./event_log.ts";
import type { Executor } from "./executor/executor.ts";
import type { Observer } from "./observer.ts";
import type { Plan } from "./pipeline/plan.ts";
import type { StateStore } from "./state_store.ts";
import { removeUnusedImages } from "./remove_images.ts";
import { emitRolloutEvents, withEvidence } from "./rollout_events.ts";
import { NO_ROLLOUTS } from "../model/rollout.ts";

const log = logger("reconciler");

export interface PersistOptions {
  state: StateStore;
  observer: Observer;
  executor: Executor;
  prober: Prober;
  runtimes: ReadonlyMap<RuntimeName, Runtime>;
  artifacts: ArtifactStore;
  events: EventLog;
  clock: Pick<Clock, "now">;
  stopped: AbortSignal;
  /** Where applied revisions come from. */
  identity: SourceIdentity;
}

/** A plan, the desired state that it was made for, and what was reached. */
export interface Reconciled {
  plan: Plan;
  desired: Desired;
  progress: RevisionProgress;
}

/** Persists what was reached, and forgets what is gone. Never rejects. */
export async function persistApplied(
  options: PersistOptions,
  reconciled: Reconciled,
): Promise<void> {
  const { plan, progress } = reconciled;
  try {
    const applied = plan.workloads.filter(({ name }) => progress.appliedSpecs.has(name));
    await Promise.all(applied.map((workload) => persistAppliedSpec(options, workload)));
    await forgetRemoved(options, plan);
    await removeUnused(options, reconciled);
    await persistRevision(options, reconciled);
  } catch (error) {
    // A full or read-only disk costs history, never a running workload.
    log.error("cannot write down what was applied: {error}", { error });
  }
}

async function persistAppliedSpec(
  { state: { workloads: states } }: PersistOptions,
  { name, spec, revision, runtimeChoice }: ResolvedWorkload,
): Promise<void> {
  if (spec === null || revision === null) return;
  const before = states.get(name);
  const fellBackFrom = runtimeChoice?.fellBackFrom ?? null;
  const { applied: known } = before;
  if (known !== null && isSameSpec(known.workload, spec) && (known.fellBackFrom ?? null) === fellBackFrom) {
    // With the same object the next comparison is cheap.
    if (known.workload !== spec) states.keep({ ...before, applied: { ...known, workload: spec } });
    return;
  }
  const applied: Applied = {
    workload: spec,
    fingerprint: fingerprint(spec),
    revision,
    ...(fellBackFrom === null ? {} : { fellBackFrom }),
  };
  await states.save({ ...before, applied });
}

/** Starts that instances made by themselves count like those that we made. */
export async function persistRespawns({ state, observer, executor, events }: PersistOptions): Promise<void> {
  const states = state.workloads;
  for (const instance of observer.instances) {
    const { workload, slot } = instance;
    const before = states.all.get(workload);
    const spec = before?.applied?.workload;
    if (before === undefined || spec === undefined || executor.operations.has(workload)) continue;
    const slotState = slotAfterRespawns(spec, instance, before.slots[slot]);
    if (slotState === null) continue;
    await states.save({ ...before, slots: { ...before.slots, [slot]: slotState } });
    const { exitCode } = instance.respawns!.at(-1)!;
    const message = `${workload}[${slot}] ${describeExit({ ...instance, exitCode })}, and started again at once`;
    log.info("{message}", { message });
    events.add({ workload, reason: "exited", message });
  }
}

/** A revision that is taken back whole is so from the next pass on, and over restarts. */
async function persistQuarantinedRevision(
  { state, events }: PersistOptions,
  { quarantinedRevision }: Plan,
): Promise<boolean> {
  if (quarantinedRevision === null) return false;
  await state.source.quarantine(quarantinedRevision);
  const { message } = quarantinedRevision;
  log.error("{message}", { message });
  events.add({ workload: null, reason: "rolled_back", message });
  return true;
}

/**
 * Persists what the plan alone knows (runs of jobs, rollouts, repairs), before anything follows from it. Returns whether
 * another reconcile is due at once, since a revision was quarantined.
 */
export async function persistPlanned(options: PersistOptions, plan: Plan): Promise<boolean> {
  const { state: { workloads: states }, observer, prober, runtimes, events } = options;
  for (const [name, planned] of plan.plannedStates) {
    const before = states.get(name);
    const rolloutsBefore = before.rollouts ?? NO_ROLLOUTS;
    const rollouts = planned.rollouts === undefined ? undefined : await withEvidence(
      { name, before: rolloutsBefore, after: planned.rollouts },
      { instances: observer.instances, prober, runtimes },
    );
    const { override, ...rest } = planned;
    await states.save({
      ...before,
      ...rest,
      // The operator may have set another override since the plan was made.
      ...(override !== undefined && isSameOverride(before.override, override) ? { override } : {}),
      ...(rollouts === undefined ? {} : { rollouts }),
    });
    if (rollouts !== undefined) emitRolloutEvents(events, { name, before: rolloutsBefore, after: rollouts });
    if (planned.drift?.heldFor !== undefined && before.drift?.heldFor !== planned.drift.heldFor) {
      events.add({ workload: name, ...plan.waiting.get(name)! });
    }
  }
  return await persistQuarantinedRevision(options, plan);
}

/** Forgets workloads that are not desired and have no instance, once every runtime has answered. */
async function forgetRemoved({ state, observer, executor }: PersistOptions, plan: Plan): Promise<void> {
  if (!observer.isComplete) return;
  const desired = new Set(plan.workloads.map((workload) => workload.name));
  const observed = new Set(observer.instances.map((instance) => instance.workload));
  for (const name of [...state.workloads.all.keys()]) {
    if (desired.has(name) || observed.has(name) || executor.operations.has(name)) continue;
    await state.workloads.forget(name);
    executor.retries.clear(name);
  }
}

/** Removes artifacts and images that nothing needs. While anything is under way, or a runtime is silent, all stay. */
async function removeUnused(options: PersistOptions, { plan, desired }: Reconciled): Promise<void> {
  const { state, observer, executor, runtimes, artifacts, clock, stopped } = options;
  if (executor.operations.size > 0 || !observer.isComplete) return;
  const states = state.workloads.all;
  if (plan.actions.length === 0) {
    removeUnusedImages({ desired, plan, states, runtimes, now: clock.now(), stopped });
  }
  const specs = [...desired.workloads, ...[...states.values()].flatMap(retainedSpecs)];
  const known = new Set(specs.map((spec) => `${spec.name} ${fingerprint(spec)}`));
  const running = observer.instances.filter(({ runtime, state }) => runtime === "native" && state === "running");
  // The spec of a running instance may be unknown: then so is the artifact that it runs from.
  if (running.some((instance) => !known.has(`${instance.workload} ${instance.fingerprint}`))) return;
  await artifacts.keep(specs.flatMap((spec) => spec.runtime === "native" ? spec.artifact ?? [] : []));
}

async function persistRevision(
  { state: { source }, identity }: PersistOptions,
  { desired, progress }: Reconciled,
): Promise<void> {
  if (desired.revision !== source.current.attempted) return;
  const { applied, healthy } = source.current;
  // A revision that was applied, and of which a workload was rolled back afterwards, is not applied.
  if (applied === desired.revision && applied !== healthy && progress.isRolledBack) await source.retractApplied();
  if (progress.isApplied) await source.recordApplied(desired.revision, { healthy: progress.isHealthy, identity });
}
