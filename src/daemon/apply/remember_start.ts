/** What a start, and a stop for good, leave in a workload's memory. */
import { emptyMemory, type WorkloadMemory } from "../../model/memory.ts";
import type { Instance } from "../../model/observed.ts";
import type { Action } from "../../plan/action.ts";
import { withReplaced, withRun } from "../../plan/job.ts";
import { slotAfterStart } from "../../plan/restart.ts";
import type { Device } from "../device.ts";

/**
 * Written down before the first start in a runtime: should the answer be lost, nobody may start it in another one
 * before this one was looked at. The native one can always be looked at.
 */
export async function rememberRuntime(device: Device, action: Action & { type: "start" }): Promise<void> {
  const before = device.memory.all.get(action.workload) ?? emptyMemory(action.workload);
  const { runtime } = action.spec;
  if (runtime === "native" && before.slots[action.slot] === undefined) return;
  const slot = before.slots[action.slot] ?? { fingerprint: "", restarts: 0, streak: 0, lastExitCode: null, recent: [] };
  if (slot.runtime === runtime) return;
  await device.memory.save({ ...before, slots: { ...before.slots, [action.slot]: { ...slot, runtime } } });
}

/** Restarts are counted, and a run of a job begins. */
export async function rememberStart(
  device: Device,
  { action, instance }: { action: Action & { type: "start" }; instance: Instance },
): Promise<void> {
  const before = device.memory.all.get(action.workload) ?? emptyMemory(action.workload);
  const at = instance.startedAt ?? device.clock.now();
  const { restart, runtime } = action.spec;
  const slot = { ...slotAfterStart(restart, { ...action, at }, before.slots[action.slot]), runtime };
  const memory: WorkloadMemory = { ...before, slots: { ...before.slots, [action.slot]: slot } };
  if (action.dueAt !== undefined) {
    const { dueAt, fingerprint } = action;
    const run = { dueAt, fingerprint, instanceId: instance.id, startedAt: at };
    memory.job = withRun(before.job ?? { seenUntil: dueAt, runs: [] }, run);
  }
  // A first start of a slot says nothing that its loss would change: it is written with what is applied.
  const isFirst = before.slots[action.slot] === undefined && action.dueAt === undefined && runtime === "native";
  if (isFirst) device.memory.keep(memory);
  else await device.memory.save(memory);
}

/** Written down before the stop: whoever sees the ended instance knows why it ended. */
export async function rememberStop(device: Device, action: Action & { type: "stop" }): Promise<void> {
  if (action.isReplaced === true) await rememberReplaced(device, action.instance);
  else if (action.reason === "unhealthy") await halt(device, action);
}

async function rememberReplaced(device: Device, { workload, id }: Instance): Promise<void> {
  const before = device.memory.all.get(workload);
  if (before?.job !== undefined) await device.memory.save({ ...before, job: withReplaced(before.job, id) });
}

/** It is not to be started again. */
async function halt(device: Device, action: Action & { type: "stop" }): Promise<void> {
  const { workload, instance } = action;
  const before = device.memory.all.get(workload) ?? emptyMemory(workload);
  const slot = before.slots[instance.slot] ??
    { fingerprint: instance.fingerprint, restarts: 0, streak: 0, lastExitCode: null, recent: [] };
  const slots = { ...before.slots, [instance.slot]: { ...slot, halted: "unhealthy" as const } };
  await device.memory.save({ ...before, slots });
}
