/** What a pass has learned that must survive a restart: specs that are carried out, revisions that are applied and healthy. */
import { logger } from "../log.ts";
import { canonical, fingerprint, isSameSpec } from "../model/fingerprint.ts";
import { type Applied, newState, retainedSpecs } from "../model/workload_state.ts";
import { type Instance, observedInstances } from "../model/instance.ts";
import type { Workload } from "../model/workload.ts";
import type { WorkloadStatus } from "../model/snapshot.ts";
import { isSuspendedStatus } from "../model/workload_groups.ts";
import { slotAfterRespawns } from "./pipeline/restart/delegated_restart.ts";
import { describeExit } from "./pipeline/describe_exit.ts";
import { matchesSpec } from "../status/instance_status.ts";
import { isSameOverride } from "./pipeline/gates/active_override.ts";
import type { ResolvedWorkload } from "./pipeline/resolve_workloads.ts";
import { writeSourceState } from "../store/source_state.ts";
import { addEvent, type Device } from "../daemon/device.ts";
import { removeUnusedImages } from "./remove_images.ts";
import { emitRolloutEvents, withEvidence } from "./rollout_events.ts";
import { NO_ROLLOUTS } from "../model/rollout.ts";

const log = logger("pass");

export async function persistApplied(device: Device): Promise<void> {
  if (device.desired === null || device.snapshot === null) return;
  // A revision that came during the pass: what the snapshot tells is not of it.
  if (device.planned !== device.desired) return;
  try {
    const status = new Map(device.snapshot.workloads.map((workload) => [workload.name, workload]));
    await Promise.all(
      device.plan.workloads.map((workload) => persistAppliedSpec(device, workload, status.get(workload.name))),
    );
    await forgetRemoved(device);
    await removeArtifacts(device);
    removeUnusedImages(device);
    await persistRevision(device, [...status.values()]);
  } catch (error) {
    // A full or read-only disk costs memory, never a running workload.
    log.error("cannot write down what was applied: {error}", { error });
  }
}

async function persistAppliedSpec(
  device: Device,
  workload: ResolvedWorkload,
  status: WorkloadStatus | undefined,
): Promise<void> {
  const { name, spec, invalid, revision, runtimeChoice } = workload;
  if (
    spec === null || invalid !== null || workload.frozen !== undefined || workload.override !== null ||
    revision === null ||
    device.operations.has(name)
  ) return;
  if (status === undefined || !isApplied(device, { spec, status })) return;
  const before = device.workloadStates.all.get(name) ?? newState(name);
  const fellBackFrom = runtimeChoice?.fellBackFrom ?? null;
  const { applied: known } = before;
  if (known !== null && isSameSpec(known.workload, spec) && (known.fellBackFrom ?? null) === fellBackFrom) {
    // The same object from now on: the next look is over at once.
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

/** Of what runs in the place of a refused spec the status says that it is not what git asks for; it is applied all the same. */
function isApplied(device: Device, { spec, status }: { spec: Workload; status: WorkloadStatus }): boolean {
  if (spec.job !== null) return status.sync === "synced";
  const instances = instancesOf(device).filter((instance) => instance.workload === spec.name);
  return status.sync !== "unknown" && matchesSpec(spec, { instances, state: device.workloadStates.all.get(spec.name) });
}

/** Starts that instances made by themselves count like those that we made. */
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

/** A revision that is taken back whole is so from the next pass on, and over restarts. */
async function persistQuarantinedRevision(device: Device): Promise<void> {
  const { quarantinedRevision } = device.plan;
  if (quarantinedRevision === null) return;
  device.sourceState.refused = quarantinedRevision;
  await writeSourceState(device.dir.source, device.sourceState, device.disk);
  log.error("{message}", { message: quarantinedRevision.message });
  addEvent(device, { workload: null, reason: "rolled_back", message: quarantinedRevision.message });
  device.trigger.fire();
}

/** What the plan alone knows: runs of jobs, rollouts, repairs. Before anything follows from it. */
export async function persistPlanned(device: Device): Promise<void> {
  for (const [name, planned] of device.plan.plannedStates) {
    const before = device.workloadStates.all.get(name) ?? newState(name);
    const rollouts = planned.rollouts === undefined ? undefined : await withEvidence(device, {
      name,
      before: before.rollouts ?? NO_ROLLOUTS,
      after: planned.rollouts,
    });
    const { override, ...rest } = planned;
    await device.workloadStates.save({
      ...before,
      ...rest,
      // The operator may have overridden it anew since the plan was made.
      ...(override !== undefined && isSameOverride(before.override, override) ? { override } : {}),
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

/** Nothing desired, nothing here, and every runtime could be asked: then there is nothing left to remember. */
async function forgetRemoved(device: Device): Promise<void> {
  if (device.observations.some((observation) => !observation.ok)) return;
  const wanted = new Set(device.plan.workloads.map((workload) => workload.name));
  const here = new Set(instancesOf(device).map((instance) => instance.workload));
  for (const name of [...device.workloadStates.all.keys()]) {
    if (wanted.has(name) || here.has(name) || device.operations.has(name)) continue;
    await device.workloadStates.forget(name);
    device.retries.delete(name);
  }
}

/**
 * What a spec names that is desired or applied stays. While something is under way, or an instance runs whose spec is
 * not known, everything does.
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

async function persistRevision(device: Device, workloads: WorkloadStatus[]): Promise<void> {
  const { desired, sourceState, plan } = device;
  if (desired === null || desired.revision !== sourceState.attempted) return;
  const isGood = (workload: WorkloadStatus) => workload.phase === "running" && workload.health === "healthy";
  const settled = workloads.every((workload) =>
    isSuspendedStatus(workload) || (workload.sync === "synced" && (workload.rollout === null || isGood(workload)))
  );
  await retractApplied(device, workloads);
  if (!settled || plan.pendingRemoval !== null || plan.actions.length > 0 || device.operations.size > 0) return;
  const healthy = workloads.every((workload) =>
    isSuspendedStatus(workload) ||
    (workload.rollout === null && (isGood(workload) || ["completed", "stopped"].includes(workload.phase)))
  );
  const before = canonical(sourceState);
  sourceState.applied = desired.revision;
  if (healthy) sourceState.healthy = desired.revision;
  sourceState.url = device.source.url;
  sourceState.branch = device.source.branch;
  sourceState.device = device.settings.device;
  sourceState.labels = device.settings.labels;
  if (canonical(sourceState) === before) return;
  device.snapshot!.source.applied = sourceState.applied;
  device.snapshot!.source.healthy = sourceState.healthy;
  await writeSourceState(device.dir.source, sourceState, device.disk);
}

/** A revision that was applied, and of which something went back after all, is not. */
async function retractApplied(
  { sourceState, desired, dir, disk }: Device,
  workloads: WorkloadStatus[],
): Promise<void> {
  if (sourceState.applied === null || sourceState.applied !== desired?.revision) return;
  if (sourceState.applied === sourceState.healthy) return;
  if (!workloads.some(({ refused }) => refused !== null && refused.by !== "owner")) return;
  sourceState.applied = sourceState.healthy;
  await writeSourceState(dir.source, sourceState, disk);
}

function instancesOf(device: Device): Instance[] {
  return observedInstances(device.observations);
}
