/** What a start, and a stop for good, leave in a workload's memory. */
import type { WorkloadState } from "../../model/workload_state.ts";
import type { Instance } from "../../model/instance.ts";
import type { Action } from "../pipeline/action.ts";
import { recordRepair } from "../pipeline/drift_repair.ts";
import type { ReasonCode } from "../../model/reason.ts";
import { beginRollout, NO_ROLLOUTS } from "../../model/rollout.ts";
import { withRun, withStop } from "../pipeline/job_runs.ts";
import { slotAfterStart } from "../pipeline/restart/restart_decision.ts";
import type { WorkloadStateStore } from "../../store/workload_state_store.ts";

/**
 * Written down before the first start in a runtime: should the answer be lost, nobody may start it in another one
 * before this one was looked at. The native one can always be looked at.
 */
export async function recordRuntime(states: WorkloadStateStore, action: Action & { type: "start" }): Promise<void> {
  const before = states.get(action.workload);
  const { runtime } = action.spec;
  if (runtime === "native" && before.slots[action.slot] === undefined) return;
  const slot = before.slots[action.slot] ?? { fingerprint: "", restarts: 0, streak: 0, lastExitCode: null, recent: [] };
  if (slot.runtime === runtime) return;
  await states.save({ ...before, slots: { ...before.slots, [action.slot]: { ...slot, runtime } } });
}

/** Written down before a chain touches its first instance: from then on its deadline counts. */
export async function recordBegun(
  states: WorkloadStateStore,
  { chain, revision, now }: { chain: readonly Action[]; revision: string; now: number },
): Promise<void> {
  const start = chain.find((action) => action.type === "start");
  if (start === undefined || start.spec.job !== null) return;
  const { workload, fingerprint, reason, message } = start;
  const before = states.get(workload);
  const begun = { fingerprint, revision, reason, message, startedAt: now };
  const rollouts = beginRollout(before.rollouts ?? NO_ROLLOUTS, begun);
  if (rollouts === null) return;
  const state = { ...before, rollouts };
  // Without a version to go back to, its loss would change nothing.
  if (rollouts.versions.length === 0) states.keep(state);
  else await states.save(state);
}

/** Written down before a container is removed: one that is gone without this was taken away by somebody else. */
export async function recordRemove(
  states: WorkloadStateStore,
  { instance, reason }: Action & { type: "remove" },
): Promise<void> {
  // What it was repaired for goes on counting when the removal was somebody else's in the end.
  if (reason === "drift") return;
  const before = states.all.get(instance.workload);
  if (instance.runtime !== "docker" || before?.slots[instance.slot]?.fingerprint !== instance.fingerprint) return;
  const { [instance.slot]: _, ...slots } = before.slots;
  await states.save({ ...before, slots });
}

/** Restarts are counted, and a run of a job begins. */
export async function recordStart(
  states: WorkloadStateStore,
  { action, instance, now }: { action: Action & { type: "start" }; instance: Instance; now: number },
): Promise<void> {
  const before = states.get(action.workload);
  const at = instance.startedAt ?? now;
  const { restart, runtime } = action.spec;
  const slot = { ...slotAfterStart(restart, { ...action, at }, before.slots[action.slot]), runtime };
  const state: WorkloadState = {
    ...withRepairs(before, { reason: action.reason, at }),
    ...withJobRun(before, { action, instance, at }),
    slots: { ...before.slots, [action.slot]: slot },
  };
  // A first start of a slot says nothing that its loss would change: it is written with what is applied.
  const isFirst = before.slots[action.slot] === undefined && action.dueAt === undefined && runtime === "native";
  if (isFirst) states.keep(state);
  else await states.save(state);
}

/** The run of a job that a start begins; nothing for a workload that is no job. */
function withJobRun(
  { job }: WorkloadState,
  { action: { dueAt, fingerprint }, instance, at }: {
    action: Action & { type: "start" };
    instance: Instance;
    at: number;
  },
): Pick<WorkloadState, "job"> {
  if (dueAt === undefined) return {};
  const run = { dueAt, fingerprint, instanceId: instance.id, startedAt: at };
  return { job: withRun(job ?? { seenUntil: dueAt, runs: [] }, run) };
}

/** What is started for another reason than that it had been changed by hand, or had ended, begins anew. */
function withRepairs(before: WorkloadState, { reason, at }: { reason: ReasonCode; at: number }): WorkloadState {
  if (reason === "drift") return { ...before, drift: recordRepair(before.drift, at) };
  if (reason === "exited" || reason === "unhealthy") return before;
  const { drift: _, ...rest } = before;
  return rest;
}

/** Written down before the stop: whoever sees the ended instance knows why it ended. */
export async function recordStop(
  states: WorkloadStateStore,
  { action, isShuttingDown }: { action: Action & { type: "stop" }; isShuttingDown: boolean },
): Promise<void> {
  if (action.isReplaced === true) await recordStopOfRun(states, action.instance, "isReplaced");
  else if (isShuttingDown) await recordStopOfRun(states, action.instance, "isStopped");
  else if (action.reason === "unhealthy") await recordHalt(states, action);
}

async function recordStopOfRun(
  states: WorkloadStateStore,
  { workload, id }: Instance,
  why: "isReplaced" | "isStopped",
): Promise<void> {
  const before = states.all.get(workload);
  if (before?.job !== undefined) await states.save({ ...before, job: withStop(before.job, id, why) });
}

/** It is not to be started again. */
async function recordHalt(states: WorkloadStateStore, action: Action & { type: "stop" }): Promise<void> {
  const { workload, instance } = action;
  const before = states.get(workload);
  const slot = before.slots[instance.slot] ??
    { fingerprint: instance.fingerprint, restarts: 0, streak: 0, lastExitCode: null, recent: [] };
  const slots = { ...before.slots, [instance.slot]: { ...slot, halted: "unhealthy" as const } };
  await states.save({ ...before, slots });
}
