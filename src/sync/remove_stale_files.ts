/** Which contents of the workloads' folders nothing needs any more. */
import { asFailure } from "../failure.ts";
import { logger } from "../log.ts";
import { retainedSpecs } from "../model/workload_state.ts";
import { contentFolders, removeOthers } from "../store/workload_files.ts";
import type { Desired } from "../model/desired.ts";
import type { Executor } from "../reconciler/executor/executor.ts";
import type { Observer } from "../reconciler/observer.ts";
import type { StateStore } from "../reconciler/state_store.ts";

const log = logger("sync");

/**
 * Removes them. Never rejects. Called by the sync loop alone, just before it writes the contents of a new revision: who writes and who
 * removes never meet. Touches nothing of a workload that is suspended or being worked on, nor of one whose applied spec
 * is not known while it has instances: they may use any of them.
 */
export async function removeStaleFiles(
  { before: desired, observer, state: { workloads }, executor: { operations }, filesDir }: {
    before: Desired | null;
    observer: Observer;
    state: StateStore;
    executor: Executor;
    filesDir: string;
  },
): Promise<void> {
  if (desired === null || observer.observations.length === 0 || !observer.isComplete) return;
  const { instances } = observer;
  const here = new Set(instances.flatMap((instance) => [instance.workload, instance.formerName ?? instance.workload]));
  const wanted = new Map(desired.workloads.map((spec) => [spec.name, spec]));
  const invalid = new Set(desired.invalid.map((manifest) => manifest.name));
  for (const name of await namesIn(filesDir)) {
    const spec = wanted.get(name);
    const applied = workloads.all.get(name)?.applied?.workload;
    const isUnclear = applied === undefined && (spec !== undefined || invalid.has(name) || here.has(name));
    if (isUnclear || operations.has(name) || spec?.suspend) continue;
    const kept = workloads.all.get(name);
    const specs = [...kept === undefined ? [] : retainedSpecs(kept), ...spec === undefined ? [] : [spec]];
    // What a disk does not let go of stays until the next revision.
    await removeOthers(filesDir, name, new Set(specs.flatMap(contentFolders))).catch((error) => {
      log.warn("old files of {name} stay: {message}", { name, message: asFailure(error).message });
    });
  }
}

async function namesIn(directory: string): Promise<string[]> {
  return await Array.fromAsync(Deno.readDir(directory), (entry) => entry.name).catch(() => []);
}
