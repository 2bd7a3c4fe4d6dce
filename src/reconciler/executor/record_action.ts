/** What a start, and a stop for good, leave in a workload's memory. */
import { newState, type WorkloadState } from "../../model/workload_state.ts";
import type { Instance } from "../../model/instance.ts";
import type { Action } from "../pipeline/action.ts";
import { recordRepair } from "../pipeline/drift_repair.ts";
import type { ReasonCode } from "../../model/reason.ts";
import { beginRollout, NO_ROLLOUTS } from "../../model/rollout.ts";
import { withRun, withStop } from "../pipeline/job_runs.ts";
import { slotAfterStart } from "../pipeline/restart/restart_decision.ts";
import type { Device } from "../../daemon/device.ts";

/**
 * Written down before the first start in a runtime: should the answer be lost, nobody may start it in another one
 * before this one was looked at. The native one can always be looked at.
 */
export async function recordRuntime(device: Device, action: Action & { type: "start" }): Promise<void> {
  const before = device.workloadStates.all.get(action.workload) ?? newState(action.workload);
  const { runtime } = action.spec;
  if (runtime === "native" && before.slots[action.slot] === undefined) return;
  const slot = before.slots[action.slot] ?? { fingerprint: "", restarts: 0, streak: 0, lastExitCode: null, recent: [] };
  if (slot.runtime === runtime) return;
  await device.workloadStates.save({ ...before, slots: { ...before.slots, [action.slot]: { ...slot, runtime } } });
}

/** Written down before a chain touches its first instance: from then on its deadline counts. */
export async function recordBegun(device: Device, chain: readonly Action[]): Promise<void> {
  const start = chain.find((action) => action.type === "start");
  if (start === undefined || start.spec.job !== null) return;
  const { workload, fingerprint, reason, message } = start;
  const before = device.workloadStates.all.get(workload) ?? newState(workload);
  const revision = device.plan.workloads.find((effective) => effective.name === workload)?.revision ?? "";
  const begun = { fingerprint, revision, reason, message, startedAt: device.clock.now() };
  const rollouts = beginRollout(before.rollouts ?? NO_ROLLOUTS, begun);
  if (rollouts === null) return;
  const memory = { ...before, rollouts };
  // Without a version to go back to, its loss would change nothing.
  if (rollouts.versions.length === 0) device.workloadStates.keep(memory);
  else await device.workloadStates.save(memory);
}

/** Written down before a container is removed: one that is gone without this was taken away by somebody else. */
export async function recordRemove(device: Device, { instance, reason }: Action & { type: "remove" }): Promise<void> {
  // What it was repaired for goes on counting when the removal was somebody else's in the end.
  if (reason === "drift") return;
  const before = device.workloadStates.all.get(instance.workload);
  if (instance.runtime !== "docker" || before?.slots[instance.slot]?.fingerprint !== instance.fingerprint) return;
  const { [instance.slot]: _, ...slots } = before.slots;
  await device.workloadStates.save({ ...before, slots });
}

/** Restarts are counted, and a run of a job begins. */
export async function recordStart(
  device: Device,
  { action, instance }: { action: Action & { type: "start" }; instance: Instance },
): Promise<void> {
  const before = device.workloadStates.all.get(action.workload) ?? newState(action.workload);
  const at = instance.startedAt ?? device.clock.now();
  const { restart, runtime } = action.spec;
  const slot = { ...slotAfterStart(restart, { ...action, at }, before.slots[action.slot]), runtime };
  const state: WorkloadState = {
    ...withRepairs(before, { reason: action.reason, at }),
    slots: { ...before.slots, [action.slot]: slot },
  };
  if (action.dueAt !== undefined) {
    const { dueAt, fingerprint } = action;
    const run = { dueAt, fingerprint, instanceId: instance.id, startedAt: at };
    state.job = withRun(before.job ?? { seenUntil: dueAt, runs: [] }, run);
  }
  // A first start of a slot says nothing that its loss would change: it is written with what is applied.
  const isFirst = before.slots[action.slot] === undefined && action.dueAt === undefined && runtime === "native";
  if (isFirst) device.workloadStates.keep(state);
  else await device.workloadStates.save(state);
}

/** What is started for another reason than that it had been changed by hand, or had ended, begins anew. */
function withRepairs(before: WorkloadState, { reason, at }: { reason: ReasonCode; at: number }): WorkloadState {
  if (reason === "drift") return { ...before, drift: recordRepair(before.drift, at) };
  if (reason === "exited" || reason === "unhealthy") return before;
  const { drift: _, ...rest } = before;
  return rest;
}

/** Written down before the stop: whoever sees the ended instance knows why it ended. */
export async function recordStop(device: Device, action: Action & { type: "stop" }): Promise<void> {
  if (action.isReplaced === true) await rememberStopOfRun(device, action.instance, "isReplaced");
  else if (device.shutdownKind !== null) await rememberStopOfRun(device, action.instance, "isStopped");
  else if (action.reason === "unhealthy") await halt(device, action);
}

async function rememberStopOfRun(
  device: Device,
  { workload, id }: Instance,
  why: "isReplaced" | "isStopped",
): Promise<void> {
  const before = device.workloadStates.all.get(workload);
  if (before?.job !== undefined) await device.workloadStates.save({ ...before, job: withStop(before.job, id, why) });
}

/** It is not to be started again. */
async function halt(device: Device, action: Action & { type: "stop" }): Promise<void> {
  const { workload, instance } = action;
  const before = device.workloadStates.all.get(workload) ?? newState(workload);
  const slot = before.slots[instance.slot] ??
    { fingerprint: instance.fingerprint, restarts: 0, streak: 0, lastExitCode: null, recent: [] };
  const slots = { ...before.slots, [instance.slot]: { ...slot, halted: "unhealthy" as const } };
  await device.workloadStates.save({ ...before, slots });
}
