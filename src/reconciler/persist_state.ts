/** Persists the results of a reconcile: applied specs, planned state, and the progress of the revision. */
import { logger } from "../log.ts";
import { canonical, fingerprint, isSameSpec } from "../model/fingerprint.ts";
import { type Applied, newState, retainedSpecs } from "../model/workload_state.ts";
import { type Instance, observedInstances } from "../model/instance.ts";
import { slotAfterRespawns } from "./pipeline/restart/delegated_restart.ts";
import { describeExit } from "./pipeline/describe_exit.ts";
import { isSameOverride } from "./pipeline/gates/active_override.ts";
import type { ResolvedWorkload } from "./pipeline/resolved_workload.ts";
import type { RevisionProgress } from "./pipeline/revision_progress.ts";
import { writeSourceState } from "../store/source_state.ts";
import { addEvent, type Device } from "../daemon/device.ts";
import { removeUnusedImages } from "./remove_images.ts";
import { emitRolloutEvents, withEvidence } from "./rollout_events.ts";
import { NO_ROLLOUTS } from "../model/rollout.ts";

const log = logger("pass");

/** Persists the progress of the desired revision, and forgets the state of workloads that are gone. */
export async function persistApplied(device: Device): Promise<void> {
  // A revision that arrived during the reconcile is not the one that the progress is about.
  if (device.desired === null || device.planned !== device.desired) return;
  const { progress } = device;
  try {
    const applied = device.plan.workloads.filter(({ name }) => progress.appliedSpecs.has(name));
    await Promise.all(applied.map((workload) => persistAppliedSpec(device, workload)));
    await forgetRemoved(device);
    await removeArtifacts(device);
    removeUnusedImages(device);
    await persistRevision(device, progress);
  } catch (error) {
    // A full or read-only disk costs history, never a running workload.
    log.error("cannot write down what was applied: {error}", { error });
  }
}

async function persistAppliedSpec(
  device: Device,
  { name, spec, revision, runtimeChoice }: ResolvedWorkload,
): Promise<void> {
  if (spec === null || revision === null) return;
  const before = device.workloadStates.all.get(name) ?? newState(name);
  const fellBackFrom = runtimeChoice?.fellBackFrom ?? null;
  const { applied: known } = before;
  if (known !== null && isSameSpec(known.workload, spec) && (known.fellBackFrom ?? null) === fellBackFrom) {
    // With the same object the next comparison is cheap.
    if (known.workload !== spec) device.workloadStates.keep({ ...before, applied: { ...known, workload: spec } });
    return;
  }
  const applied: Applied = {
    workload: spec,
    fingerprint: fingerprint(spec),
    revision,
    ...(fellBackFrom === null ? {} : { fellBackFrom }),
  };
  await device.workloadStates.save({ ...before, applied });
}

/** Counts delegated restarts of instances like restarts by the daemon. */
export async function persistRespawns(device: Device): Promise<void> {
  for (const instance of instancesOf(device)) {
    const { workload, slot } = instance;
    const before = device.workloadStates.all.get(workload);
    const spec = before?.applied?.workload;
    if (before === undefined || spec === undefined || device.operations.has(workload)) continue;
    const slotState = slotAfterRespawns(spec, instance, before.slots[slot]);
    if (slotState === null) continue;
    await device.workloadStates.save({ ...before, slots: { ...before.slots, [slot]: slotState } });
    const { exitCode } = instance.respawns!.at(-1)!;
    const message = `${workload}[${slot}] ${describeExit({ ...instance, exitCode })}, and started again at once`;
    log.info("{message}", { message });
    addEvent(device, { workload, reason: "exited", message });
  }
}

/** Quarantines a revision that is rolled back as a whole, from the next reconcile on and across restarts. */
async function persistQuarantinedRevision(device: Device): Promise<void> {
  const { quarantinedRevision } = device.plan;
  if (quarantinedRevision === null) return;
  device.sourceState.refused = quarantinedRevision;
  await writeSourceState(device.dir.source, device.sourceState, device.disk);
  log.error("{message}", { message: quarantinedRevision.message });
  addEvent(device, { workload: null, reason: "rolled_back", message: quarantinedRevision.message });
  device.trigger.fire();
}

/** Persists the state that the plan decided (runs of jobs, rollouts, repairs), before any action runs. */
export async function persistPlanned(device: Device): Promise<void> {
  for (const [name, planned] of device.plan.plannedStates) {
    const before = device.workloadStates.all.get(name) ?? newState(name);
    const rollouts = planned.rollouts === undefined ? undefined : await withEvidence(device, {
      name,
      before: before.rollouts ?? NO_ROLLOUTS,
      after: planned.rollouts,
    });
    const { hold, ...rest } = planned;
    await device.workloadStates.save({
      ...before,
      ...rest,
      // The operator may have set another override since the plan was made.
      ...(hold !== undefined && isSameOverride(before.hold, hold) ? { hold } : {}),
      ...(rollouts === undefined ? {} : { rollouts }),
    });
    if (rollouts !== undefined) {
      emitRolloutEvents(device, { name, before: before.rollouts ?? NO_ROLLOUTS, after: rollouts });
    }
    if (planned.drift?.heldFor !== undefined && before.drift?.heldFor !== planned.drift.heldFor) {
      addEvent(device, { workload: name, ...device.plan.waiting.get(name)! });
    }
  }
  await persistQuarantinedRevision(device);
}

/** Forgets workloads that are neither desired nor present. Does nothing while a runtime cannot be observed. */
async function forgetRemoved(device: Device): Promise<void> {
  if (device.observations.some((observation) => !observation.ok)) return;
  const desired = new Set(device.plan.workloads.map((workload) => workload.name));
  const present = new Set(instancesOf(device).map((instance) => instance.workload));
  for (const name of [...device.workloadStates.all.keys()]) {
    if (desired.has(name) || present.has(name) || device.operations.has(name)) continue;
    await device.workloadStates.forget(name);
    device.retries.delete(name);
  }
}

/**
 * Removes downloads that no desired or stored spec names. Keeps all of them while an operation is under way, or an instance
 * runs whose spec is unknown.
 */
async function removeArtifacts(device: Device): Promise<void> {
  if (device.operations.size > 0 || device.observations.some((observation) => !observation.ok)) return;
  const specs = [...device.desired!.workloads, ...[...device.workloadStates.all.values()].flatMap(retainedSpecs)];
  const known = new Set(specs.map((spec) => `${spec.name} ${fingerprint(spec)}`));
  const running = instancesOf(device).filter((instance) =>
    instance.runtime === "native" && instance.state === "running"
  );
  if (running.some((instance) => !known.has(`${instance.workload} ${instance.fingerprint}`))) return;
  await device.artifacts.keep(specs.flatMap((spec) => spec.runtime === "native" ? spec.artifact ?? [] : []));
}

async function persistRevision(device: Device, progress: RevisionProgress): Promise<void> {
  const { desired, sourceState } = device;
  if (desired === null || desired.revision !== sourceState.attempted) return;
  await retractApplied(device, progress);
  if (!progress.isApplied) return;
  const before = canonical(sourceState);
  sourceState.applied = desired.revision;
  if (progress.isHealthy) sourceState.healthy = desired.revision;
  sourceState.url = device.source.url;
  sourceState.branch = device.source.branch;
  sourceState.device = device.settings.device;
  sourceState.labels = device.settings.labels;
  if (canonical(sourceState) === before) return;
  if (device.snapshot !== null) {
    device.snapshot.source.applied = sourceState.applied;
    device.snapshot.source.healthy = sourceState.healthy;
  }
  await writeSourceState(device.dir.source, sourceState, device.disk);
}

/** Takes back that the revision is applied, when a workload of it was rolled back afterwards. */
async function retractApplied(
  { sourceState, desired, dir, disk }: Device,
  { isRolledBack }: RevisionProgress,
): Promise<void> {
  if (sourceState.applied === null || sourceState.applied !== desired?.revision) return;
  if (sourceState.applied === sourceState.healthy) return;
  if (!isRolledBack) return;
  sourceState.applied = sourceState.healthy;
  await writeSourceState(dir.source, sourceState, disk);
}

function instancesOf(device: Device): Instance[] {
  return observedInstances(device.observations);
}
