/** What a pass has learned that must survive a restart: specs that are carried out, revisions that are applied and healthy. */
import type { Clock } from "../clock.ts";
import { logger } from "../log.ts";
import { fingerprint, isSameSpec } from "../model/fingerprint.ts";
import { type Applied, retainedSpecs, type WorkloadState } from "../model/workload_state.ts";
import type { Instance } from "../model/instance.ts";
import type { Workload } from "../model/workload.ts";
import type { WorkloadStatus } from "../model/snapshot.ts";
import { isSuspendedStatus } from "../model/workload_groups.ts";
import { slotAfterRespawns } from "./pipeline/restart/delegated_restart.ts";
import { describeExit } from "./pipeline/describe_exit.ts";
import { matchesSpec } from "../status/instance_status.ts";
import { isSameOverride } from "./pipeline/gates/active_override.ts";
import type { ResolvedWorkload } from "./pipeline/resolve_workloads.ts";
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

const log = logger("pass");

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

/** A plan, and the desired state that it was made for. */
export interface Reconciled {
  plan: Plan;
  desired: Desired;
}

export async function persistApplied(
  options: PersistOptions,
  reconciled: Reconciled,
  workloads: readonly WorkloadStatus[],
): Promise<void> {
  try {
    const status = new Map(workloads.map((workload) => [workload.name, workload]));
    await Promise.all(
      reconciled.plan.workloads.map((workload) => persistAppliedSpec(options, workload, status.get(workload.name))),
    );
    await forgetRemoved(options, reconciled.plan);
    await removeUnused(options, reconciled);
    await persistRevision(options, reconciled, workloads);
  } catch (error) {
    // A full or read-only disk costs memory, never a running workload.
    log.error("cannot write down what was applied: {error}", { error });
  }
}

async function persistAppliedSpec(
  { state: { workloads: states }, observer, executor }: PersistOptions,
  workload: ResolvedWorkload,
  status: WorkloadStatus | undefined,
): Promise<void> {
  const { name, spec, invalid, revision, runtimeChoice } = workload;
  if (
    spec === null || invalid !== null || workload.frozen !== undefined || workload.override !== null ||
    revision === null ||
    executor.operations.has(name)
  ) return;
  const before = states.get(name);
  if (status === undefined || !isApplied(spec, { status, instances: observer.instancesOf(name), state: before })) {
    return;
  }
  const fellBackFrom = runtimeChoice?.fellBackFrom ?? null;
  const { applied: known } = before;
  if (known !== null && isSameSpec(known.workload, spec) && (known.fellBackFrom ?? null) === fellBackFrom) {
    // The same object from now on: the next look is over at once.
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

/** Of what runs in the place of a refused spec the status says that it is not what git asks for; it is applied all the same. */
function isApplied(
  spec: Workload,
  { status, instances, state }: { status: WorkloadStatus; instances: Instance[]; state: WorkloadState },
): boolean {
  if (spec.job !== null) return status.sync === "synced";
  return status.sync !== "unknown" && matchesSpec(spec, { instances, state });
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
  { state: { source }, executor, identity }: PersistOptions,
  { plan, desired }: Reconciled,
  workloads: readonly WorkloadStatus[],
): Promise<void> {
  if (desired.revision !== source.current.attempted) return;
  const isGood = (workload: WorkloadStatus) => workload.phase === "running" && workload.health === "healthy";
  const settled = workloads.every((workload) =>
    isSuspendedStatus(workload) || (workload.sync === "synced" && (workload.rollout === null || isGood(workload)))
  );
  const { applied, healthy: lastHealthy } = source.current;
  const isBack = workloads.some(({ refused }) => refused !== null && refused.by !== "owner");
  // A revision that was applied, and of which a workload was rolled back afterwards, is not applied.
  if (applied === desired.revision && applied !== lastHealthy && isBack) await source.retractApplied();
  if (!settled || plan.pendingRemoval !== null || plan.actions.length > 0 || executor.operations.size > 0) return;
  const healthy = workloads.every((workload) =>
    isSuspendedStatus(workload) ||
    (workload.rollout === null && (isGood(workload) || ["completed", "stopped"].includes(workload.phase)))
  );
  await source.recordApplied(desired.revision, { healthy, identity });
}
