/** Carries out the actions of a plan: those of one workload in order, those of different workloads side by side. */
import { asFailure, type Failure, isOfDisk } from "../../failure.ts";
import { logger } from "../../log.ts";
import { fingerprint as fingerprintOf } from "../../model/fingerprint.ts";
import type { Instance } from "../../model/instance.ts";
import type { RuntimeName } from "../../model/workload.ts";
import { type Action, actionTitle } from "../pipeline/action.ts";
import { backoff, RETRY_CURVE, spread } from "../pipeline/restart/backoff.ts";
import type { Runtime } from "../../runtime/runtime.ts";
import { placeFiles, placeMountedAlone } from "../../store/file_tree.ts";
import { checkNewPorts } from "./check_ports.ts";
import { assignPorts, rethrowWithPortHolder } from "./assign_ports.ts";
import { addEvent, type Device, notifyListeners, type Operation } from "../../daemon/device.ts";
import { moveDirectories } from "../rename_workloads.ts";
import { recordReload, reloadInstance } from "./reload_instance.ts";
import { recordBegun, recordRemove, recordRuntime, recordStart, recordStop } from "./record_action.ts";
import { restoreFiles } from "./restore_files.ts";

const log = logger("apply");

/** Begins all chains and returns at once; each wakes the loop when it ends. A workload that has one gets no second. */
export function startOperations(device: Device, actions: readonly Action[]): Promise<void>[] {
  if (actions.length === 0) return [];
  const chains = [...Map.groupBy(actions, (action) => action.workload)].filter(([name]) =>
    !device.operations.has(name)
  );
  const noted = beginJournal(device, chains);
  return chains.map(([name, chain], index) => {
    const work: Operation = { progress: null, preparing: null, superseded: new AbortController() };
    device.operations.set(name, work);
    return runOperation(device, { name, chain, work, noted }).catch((error) => {
      log.error("{workload}: {error}", { workload: name, error: error instanceof Error ? error.stack : error });
    }).finally(() => {
      // Neither rejects.
      noted.then((numbers) => device.journal.end(numbers[index]!));
      device.operations.delete(name);
      for (const action of chain) device.changed.add("runtime" in action ? action.runtime : action.spec.runtime);
      device.trigger.fire();
    });
  });
}

/** What is about to be done, written down before. Never rejects: a full disk costs the note, never the restart. */
async function beginJournal(device: Device, chains: [string, Action[]][]): Promise<number[]> {
  return await device.journal.begin(chains.map(([workload, chain]) => {
    return { workload, actions: chain.map(actionTitle), message: chain.at(-1)!.message };
  }));
}

/** In order; the first failure ends the chain, is remembered, and touches no other workload. One that is given up is no failure. */
async function runOperation(
  device: Device,
  { name, chain, work, noted }: { name: string; chain: Action[]; work: Operation; noted: Promise<unknown> },
): Promise<void> {
  for (const action of chain) {
    try {
      device.stopped.throwIfAborted();
      work.superseded.signal.throwIfAborted();
      work.progress = `${actionTitle(action)}: ${action.message}`;
      if (action.type !== "prepare") await Promise.all([noted, recordBegun(device, chain)]);
      await runAction(device, action, work);
      if (action.type === "reload" && action === chain.at(-1)) await recordReload(device, action.spec);
      if (action.type !== "prepare") reportAction(device, action);
    } catch (error) {
      if (device.stopped.aborted || work.superseded.signal.aborted) return;
      return recordFailure(device, { name, action, failure: asFailure(error) });
    }
  }
  device.retries.delete(name);
}

async function runAction(device: Device, action: Action, work: Operation): Promise<void> {
  switch (action.type) {
    case "prepare": {
      const progress = (message: string) => {
        work.progress = message;
        device.trigger.fire();
        notifyListeners(device);
      };
      const signal = AbortSignal.any([device.stopped, work.superseded.signal]);
      work.preparing = fingerprintOf(action.spec);
      try {
        await checkNewPorts(device, action.spec);
        await device.vault.reveal(action.spec);
        return await runtimeOf(device, action.spec.runtime).prepare(action.spec, progress, signal);
      } finally {
        work.preparing = null;
      }
    }
    case "stop":
      await recordStop(device, action);
      return await runtimeOf(device, action.runtime).stop(action.instance, action);
    case "publish":
      return await runtimeOf(device, action.spec.runtime).publish(action.instance, action.spec);
    case "remove":
      device.forcedRestarts.delete(action.instance.id);
      await recordRemove(device, action);
      return await runtimeOf(device, action.runtime).remove(action.instance);
    case "start": {
      const { spec: workload, slot, fingerprint, canary = false } = action;
      const secrets = await device.vault.reveal(workload);
      await moveDirectories(device, workload.name);
      await restoreFiles(device, workload);
      const filesDir = await placeFiles(device.dir.files, workload);
      const aloneDir = await placeMountedAlone(device.dir.files, workload);
      const previous = action.previous === null ? null : ended(action.previous);
      const assignedPorts = await assignPorts(device, { workload, slot, previous });
      const runtime = runtimeOf(device, workload.runtime);
      await recordRuntime(device, action);
      const request = {
        workload,
        slot,
        fingerprint,
        filesDir,
        aloneDir,
        assignedPorts,
        previous,
        canary,
        secrets,
      };
      const instance = await runtime.start(request).catch((error) => rethrowWithPortHolder(error, workload));
      device.forcedRestarts.delete(action.previous?.id ?? workload.name);
      return await recordStart(device, { action, instance });
    }
    case "reload":
      return await reloadInstance(device, action);
  }
}

/** The chain has stopped it by now; a runtime must not take it for running. */
function ended(instance: Instance): Instance {
  return instance.state === "created" ? instance : { ...instance, state: "exited", pid: null };
}

const DONE = {
  prepare: "prepared",
  publish: "published",
  stop: "stopped",
  remove: "removed",
  start: "started",
  reload: "reloaded",
} as const;

function reportAction(device: Device, action: Action): void {
  const done = DONE[action.type];
  const slot = action.type === "start" ? action.slot : action.type === "prepare" ? 0 : action.instance.slot;
  const message = `${done} ${action.workload}[${slot}]: ${action.message}`;
  log.info("{message}", { message, reason: action.reason });
  if (action.type !== "remove") addEvent(device, { workload: action.workload, reason: action.reason, message });
}

function recordFailure(
  device: Device,
  { name, action, failure }: { name: string; action: Action; failure: Failure },
): void {
  const fingerprint = "spec" in action ? fingerprintOf(action.spec) : action.instance.fingerprint;
  const before = device.retries.get(name);
  const failures = before?.fingerprint === fingerprint ? before.failures + 1 : 1;
  const { reason, message, hint } = failure;
  const now = device.clock.now();
  const later = failure.retryAfterMs ?? backoff(RETRY_CURVE, failures, spread(name, failures));
  // Room on a disk is made by somebody who then looks whether it helped.
  const isForDisk = isOfDisk(reason);
  const delay = isForDisk ? Math.min(later, device.settings.repo.intervalMs) : later;
  device.retries.set(name, {
    fingerprint,
    failures,
    isFinal: !isForDisk && (failure.kind === "mistake" || failure.kind === "refused"),
    failedAt: now,
    retryAt: now + delay,
    reason,
    message,
    hint: hint ?? null,
  });
  if (before?.message === message) return;
  log.error("{message}", { message: `cannot ${actionTitle(action)}: ${message}`, reason, hint: hint ?? "" });
  addEvent(device, { workload: name, reason, message: `cannot ${actionTitle(action)}: ${message}` });
}

function runtimeOf(device: Device, name: RuntimeName): Runtime {
  const runtime = device.runtimes.get(name);
  if (runtime === undefined) throw new Error(`no runtime "${name}"`);
  return runtime;
}
