/** What a pass has learned that must survive a restart: specs that are carried out, revisions that are applied and healthy. */
import { logger } from "../log.ts";
import { canonical, fingerprint, isSameSpec } from "../model/fingerprint.ts";
import { type Applied, emptyMemory, keptSpecs } from "../model/memory.ts";
import type { Instance } from "../model/observed.ts";
import type { Workload } from "../model/workload.ts";
import type { WorkloadStatus } from "../model/snapshot.ts";
import { isLeftAlone } from "../model/workload_groups.ts";
import { slotAfterRespawns } from "../plan/restart/again.ts";
import { exitSentence } from "../plan/exit_sentence.ts";
import { isCarriedOut } from "../plan/condition/summary.ts";
import { isSameHold } from "../plan/barred/holds.ts";
import type { Effective } from "../plan/effective.ts";
import { writeSourceMemory } from "../store/source_memory.ts";
import { addEvent, type Device } from "./device.ts";
import { cleanImages } from "./image/clean.ts";
import { tellRollouts, withEvidence } from "./rollouts.ts";
import { NO_ROLLOUTS } from "../model/rollout.ts";

const log = logger("pass");

export async function rememberApplied(device: Device): Promise<void> {
  if (device.desired === null || device.snapshot === null) return;
  // A revision that came during the pass: what the snapshot tells is not of it.
  if (device.planned !== device.desired) return;
  try {
    const status = new Map(device.snapshot.workloads.map((one) => [one.name, one]));
    await Promise.all(device.plan.workloads.map((one) => rememberWorkload(device, one, status.get(one.name))));
    await forgetGone(device);
    await removeArtifacts(device);
    cleanImages(device);
    await rememberRevision(device, [...status.values()]);
  } catch (error) {
    // A full or read-only disk costs memory, never a running workload.
    log.error("cannot write down what was applied: {error}", { error });
  }
}

async function rememberWorkload(
  device: Device,
  workload: Effective,
  status: WorkloadStatus | undefined,
): Promise<void> {
  const { name, spec, invalid, revision, chosen } = workload;
  if (
    spec === null || invalid !== null || workload.frozen !== undefined || workload.held !== null || revision === null ||
    device.busy.has(name)
  ) return;
  if (status === undefined || !isApplied(device, { spec, status })) return;
  const before = device.memory.all.get(name) ?? emptyMemory(name);
  const fellBackFrom = chosen?.fellBackFrom ?? null;
  const { applied: known } = before;
  if (known !== null && isSameSpec(known.workload, spec) && (known.fellBackFrom ?? null) === fellBackFrom) {
    // The same object from now on: the next look is over at once.
    if (known.workload !== spec) device.memory.keep({ ...before, applied: { ...known, workload: spec } });
    return;
  }
  const applied: Applied = {
    workload: spec,
    fingerprint: fingerprint(spec),
    revision,
    ...(fellBackFrom === null ? {} : { fellBackFrom }),
  };
  await device.memory.save({ ...before, applied });
}

/** Of what runs in the place of a refused spec the status says that it is not what git asks for; it is applied all the same. */
function isApplied(device: Device, { spec, status }: { spec: Workload; status: WorkloadStatus }): boolean {
  if (spec.job !== null) return status.sync === "synced";
  const instances = instancesOf(device).filter((one) => one.workload === spec.name);
  return status.sync !== "unknown" && isCarriedOut(spec, { instances, memory: device.memory.all.get(spec.name) });
}

/** Starts that instances made by themselves count like those that we made. */
export async function rememberRespawns(device: Device): Promise<void> {
  for (const instance of instancesOf(device)) {
    const { workload, slot } = instance;
    const before = device.memory.all.get(workload);
    const spec = before?.applied?.workload;
    if (before === undefined || spec === undefined || device.busy.has(workload)) continue;
    const memory = slotAfterRespawns(spec, instance, before.slots[slot]);
    if (memory === null) continue;
    await device.memory.save({ ...before, slots: { ...before.slots, [slot]: memory } });
    const { exitCode } = instance.respawns!.at(-1)!;
    const message = `${workload}[${slot}] ${exitSentence({ ...instance, exitCode })}, and started again at once`;
    log.info("{message}", { message });
    addEvent(device, { workload, reason: "exited", message });
  }
}

/** A revision that is taken back whole is so from the next pass on, and over restarts. */
async function rememberRefusedRevision(device: Device): Promise<void> {
  const { refusedRevision } = device.plan;
  if (refusedRevision === null) return;
  device.sourceMemory.refused = refusedRevision;
  await writeSourceMemory(device.dir.source, device.sourceMemory, device.disk);
  log.error("{message}", { message: refusedRevision.message });
  addEvent(device, { workload: null, reason: "rolled_back", message: refusedRevision.message });
  device.wake.now();
}

/** What the plan alone knows: runs of jobs, rollouts, repairs. Before anything follows from it. */
export async function rememberPlanned(device: Device): Promise<void> {
  for (const [name, planned] of device.plan.memories) {
    const before = device.memory.all.get(name) ?? emptyMemory(name);
    const rollouts = planned.rollouts === undefined ? undefined : await withEvidence(device, {
      name,
      before: before.rollouts ?? NO_ROLLOUTS,
      after: planned.rollouts,
    });
    const { hold, ...rest } = planned;
    await device.memory.save({
      ...before,
      ...rest,
      // The operator may have held it anew since the plan was made.
      ...(hold !== undefined && isSameHold(before.hold, hold) ? { hold } : {}),
      ...(rollouts === undefined ? {} : { rollouts }),
    });
    if (rollouts !== undefined) tellRollouts(device, { name, before: before.rollouts ?? NO_ROLLOUTS, after: rollouts });
    if (planned.drift?.heldFor !== undefined && before.drift?.heldFor !== planned.drift.heldFor) {
      addEvent(device, { workload: name, ...device.plan.waiting.get(name)! });
    }
  }
  await rememberRefusedRevision(device);
}

/** Nothing desired, nothing here, and every runtime could be asked: then there is nothing left to remember. */
async function forgetGone(device: Device): Promise<void> {
  if (device.observations.some((observation) => !observation.ok)) return;
  const wanted = new Set(device.plan.workloads.map((workload) => workload.name));
  const here = new Set(instancesOf(device).map((instance) => instance.workload));
  for (const name of [...device.memory.all.keys()]) {
    if (wanted.has(name) || here.has(name) || device.busy.has(name)) continue;
    await device.memory.forget(name);
    device.attempts.delete(name);
  }
}

/**
 * What a spec names that is desired or applied stays. While something is under way, or an instance runs whose spec is
 * not known, everything does.
 */
async function removeArtifacts(device: Device): Promise<void> {
  if (device.busy.size > 0 || device.observations.some((observation) => !observation.ok)) return;
  const specs = [...device.desired!.workloads, ...[...device.memory.all.values()].flatMap(keptSpecs)];
  const known = new Set(specs.map((spec) => `${spec.name} ${fingerprint(spec)}`));
  const running = instancesOf(device).filter((one) => one.runtime === "native" && one.state === "running");
  if (running.some((one) => !known.has(`${one.workload} ${one.fingerprint}`))) return;
  await device.artifacts.keep(specs.flatMap((spec) => spec.runtime === "native" ? spec.artifact ?? [] : []));
}

async function rememberRevision(device: Device, workloads: WorkloadStatus[]): Promise<void> {
  const { desired, sourceMemory, plan } = device;
  if (desired === null || desired.revision !== sourceMemory.attempted) return;
  const isGood = (one: WorkloadStatus) => one.phase === "running" && one.health === "healthy";
  const settled = workloads.every((one) =>
    isLeftAlone(one) || (one.sync === "synced" && (one.rollout === null || isGood(one)))
  );
  await takeBackApplied(device, workloads);
  if (!settled || plan.pruneHeld !== null || plan.actions.length > 0 || device.busy.size > 0) return;
  const healthy = workloads.every((one) =>
    isLeftAlone(one) ||
    (one.rollout === null && (isGood(one) || ["completed", "stopped"].includes(one.phase)))
  );
  const before = canonical(sourceMemory);
  sourceMemory.applied = desired.revision;
  if (healthy) sourceMemory.healthy = desired.revision;
  sourceMemory.url = device.source.url;
  sourceMemory.branch = device.source.branch;
  sourceMemory.device = device.settings.device;
  sourceMemory.labels = device.settings.labels;
  if (canonical(sourceMemory) === before) return;
  device.snapshot!.source.applied = sourceMemory.applied;
  device.snapshot!.source.healthy = sourceMemory.healthy;
  await writeSourceMemory(device.dir.source, sourceMemory, device.disk);
}

/** A revision that was applied, and of which something went back after all, is not. */
async function takeBackApplied(
  { sourceMemory, desired, dir, disk }: Device,
  workloads: WorkloadStatus[],
): Promise<void> {
  if (sourceMemory.applied === null || sourceMemory.applied !== desired?.revision) return;
  if (sourceMemory.applied === sourceMemory.healthy) return;
  if (!workloads.some(({ refused }) => refused !== null && refused.by !== "owner")) return;
  sourceMemory.applied = sourceMemory.healthy;
  await writeSourceMemory(dir.source, sourceMemory, disk);
}

function instancesOf(device: Device): Instance[] {
  return device.observations.flatMap((observation) => observation.ok ? observation.instances : []);
}
