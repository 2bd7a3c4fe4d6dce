/** Which contents of the workloads' folders nothing needs any more. */
import { asFailure } from "../../failure.ts";
import { logger } from "../../log.ts";
import { keptSpecs } from "../../model/memory.ts";
import { contentFolders, removeOthers } from "../../store/file_tree.ts";
import type { Device } from "../device.ts";

const log = logger("sync");

/**
 * Removes them. Never rejects. Called by the sync loop alone, just before it writes the contents of a new revision: who writes and who
 * removes never meet. Touches nothing of a workload that is suspended or being worked on, nor of one whose applied spec
 * is not known while it has instances: they may use any of them.
 */
export async function cleanFiles(device: Device): Promise<void> {
  const { desired, observations, memory, busy, dir } = device;
  if (desired === null || observations.length === 0 || observations.some((one) => !one.ok)) return;
  const instances = observations.flatMap((one) => one.ok ? one.instances : []);
  const here = new Set(instances.flatMap((one) => [one.workload, one.formerName ?? one.workload]));
  const wanted = new Map(desired.workloads.map((one) => [one.name, one]));
  const invalid = new Set(desired.invalid.map((one) => one.name));
  for (const name of await namesIn(dir.files)) {
    const spec = wanted.get(name);
    const applied = memory.all.get(name)?.applied?.workload;
    const isUnclear = applied === undefined && (spec !== undefined || invalid.has(name) || here.has(name));
    if (isUnclear || busy.has(name) || spec?.suspend) continue;
    const kept = memory.all.get(name);
    const specs = [...kept === undefined ? [] : keptSpecs(kept), ...spec === undefined ? [] : [spec]];
    // What a disk does not let go of stays until the next revision.
    await removeOthers(dir.files, name, new Set(specs.flatMap(contentFolders))).catch((error) => {
      log.warn("old files of {name} stay: {message}", { name, message: asFailure(error).message });
    });
  }
}

async function namesIn(folder: string): Promise<string[]> {
  return await Array.fromAsync(Deno.readDir(folder), (entry) => entry.name).catch(() => []);
}
