/** Carries out the actions of a plan: those of one workload in order, those of different workloads side by side. */
import { asFailure, type Failure, isOfDisk } from "../../failure.ts";
import { logger } from "../../log.ts";
import { fingerprint as fingerprintOf } from "../../model/fingerprint.ts";
import type { Instance } from "../../model/observed.ts";
import type { RuntimeName } from "../../model/workload.ts";
import { type Action, actionTitle } from "../../plan/action.ts";
import { backoff, RETRY_CURVE, spread } from "../../plan/restart/backoff.ts";
import type { Runtime } from "../../runtime/runtime.ts";
import { placeFiles, placeMountedAlone } from "../../store/file_tree.ts";
import { checkNewPorts } from "./check_ports.ts";
import { choosePorts, namingHolder } from "./choose_ports.ts";
import { addEvent, type Device, tell, type Work } from "../device.ts";
import { takeOverFolders } from "../take_over_names.ts";
import { reload, rememberFiles } from "./reload.ts";
import { rememberBegun, rememberRemove, rememberRuntime, rememberStart, rememberStop } from "./remember_start.ts";
import { restoreFiles } from "./restore_files.ts";

const log = logger("apply");

/** Begins all chains and returns at once; each wakes the loop when it ends. A workload that has one gets no second. */
export function dispatch(device: Device, actions: readonly Action[]): Promise<void>[] {
  if (actions.length === 0) return [];
  const chains = [...Map.groupBy(actions, (action) => action.workload)].filter(([name]) => !device.busy.has(name));
  const noted = note(device, chains);
  return chains.map(([name, chain], index) => {
    const work: Work = { progress: null, prepares: null, unwanted: new AbortController() };
    device.busy.set(name, work);
    return carryOut(device, { name, chain, work, noted }).catch((error) => {
      log.error("{workload}: {error}", { workload: name, error: error instanceof Error ? error.stack : error });
    }).finally(() => {
      // Neither rejects.
      noted.then((numbers) => device.journal.end(numbers[index]!));
      device.busy.delete(name);
      for (const action of chain) device.changed.add("runtime" in action ? action.runtime : action.spec.runtime);
      device.wake.now();
    });
  });
}

/** What is about to be done, written down before. Never rejects: a full disk costs the note, never the restart. */
async function note(device: Device, chains: [string, Action[]][]): Promise<number[]> {
  return await device.journal.begin(chains.map(([workload, chain]) => {
    return { workload, actions: chain.map(actionTitle), message: chain.at(-1)!.message };
  }));
}

/** In order; the first failure ends the chain, is remembered, and touches no other workload. One that is given up is no failure. */
async function carryOut(
  device: Device,
  { name, chain, work, noted }: { name: string; chain: Action[]; work: Work; noted: Promise<unknown> },
): Promise<void> {
  for (const action of chain) {
    try {
      device.stopped.throwIfAborted();
      work.unwanted.signal.throwIfAborted();
      work.progress = `${actionTitle(action)}: ${action.message}`;
      if (action.type !== "prepare") await Promise.all([noted, rememberBegun(device, chain)]);
      await perform(device, action, work);
      if (action.type === "reload" && action === chain.at(-1)) await rememberFiles(device, action.spec);
      if (action.type !== "prepare") report(device, action);
    } catch (error) {
      if (device.stopped.aborted || work.unwanted.signal.aborted) return;
      return failed(device, { name, action, failure: asFailure(error) });
    }
  }
  device.attempts.delete(name);
}

async function perform(device: Device, action: Action, work: Work): Promise<void> {
  switch (action.type) {
    case "prepare": {
      const progress = (message: string) => {
        work.progress = message;
        device.wake.now();
        tell(device);
      };
      const signal = AbortSignal.any([device.stopped, work.unwanted.signal]);
      work.prepares = fingerprintOf(action.spec);
      try {
        await checkNewPorts(device, action.spec);
        await device.vault.reveal(action.spec);
        return await runtimeOf(device, action.spec.runtime).prepare(action.spec, progress, signal);
      } finally {
        work.prepares = null;
      }
    }
    case "stop":
      await rememberStop(device, action);
      return await runtimeOf(device, action.runtime).stop(action.instance, action);
    case "publish":
      return await runtimeOf(device, action.spec.runtime).publish(action.instance, action.spec);
    case "remove":
      device.forced.delete(action.instance.id);
      await rememberRemove(device, action);
      return await runtimeOf(device, action.runtime).remove(action.instance);
    case "start": {
      const { spec: workload, slot, fingerprint, withheld = false } = action;
      const secrets = await device.vault.reveal(workload);
      await takeOverFolders(device, workload.name);
      await restoreFiles(device, workload);
      const filesDir = await placeFiles(device.dir.files, workload);
      const aloneDir = await placeMountedAlone(device.dir.files, workload);
      const previous = action.previous === null ? null : ended(action.previous);
      const chosenPorts = await choosePorts(device, { workload, slot, previous });
      const runtime = runtimeOf(device, workload.runtime);
      await rememberRuntime(device, action);
      const request = { workload, slot, fingerprint, filesDir, aloneDir, chosenPorts, previous, withheld, secrets };
      const instance = await runtime.start(request).catch((error) => namingHolder(error, workload));
      device.forced.delete(action.previous?.id ?? workload.name);
      return await rememberStart(device, { action, instance });
    }
    case "reload":
      return await reload(device, action);
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

function report(device: Device, action: Action): void {
  const done = DONE[action.type];
  const slot = action.type === "start" ? action.slot : action.type === "prepare" ? 0 : action.instance.slot;
  const message = `${done} ${action.workload}[${slot}]: ${action.message}`;
  log.info("{message}", { message, reason: action.reason });
  if (action.type !== "remove") addEvent(device, { workload: action.workload, reason: action.reason, message });
}

function failed(device: Device, { name, action, failure }: { name: string; action: Action; failure: Failure }): void {
  const fingerprint = "spec" in action ? fingerprintOf(action.spec) : action.instance.fingerprint;
  const before = device.attempts.get(name);
  const failures = before?.fingerprint === fingerprint ? before.failures + 1 : 1;
  const { reason, message, hint } = failure;
  const now = device.clock.now();
  const later = failure.retryAfterMs ?? backoff(RETRY_CURVE, failures, spread(name, failures));
  // Room on a disk is made by somebody who then looks whether it helped.
  const isForDisk = isOfDisk(reason);
  const delay = isForDisk ? Math.min(later, device.settings.repo.intervalMs) : later;
  device.attempts.set(name, {
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
