/**
 * What a daemon that was killed left half-written in data_dir. Each temporary name has one owner that removes it where a
 * write fails; this is for writes that nobody ended. The folders of a fetch are put right by `CacheDirectory.recover`,
 * logs by the next rotation, and pieces of downloads stay, since the next try goes on from them.
 */
import { join } from "node:path";
import { logger } from "../log.ts";
import type { DataDir } from "./data_dir.ts";
import { UNFINISHED } from "./workload_files.ts";

const log = logger("store");

/** Called under the lock, before anything is opened. Never throws: what cannot be removed costs disk space alone. */
export async function removeLeftovers(dir: DataDir): Promise<void> {
  // data_dir itself may be a folder that holds other things of its owner.
  for (const path of [dir.device, dir.identity]) await remove(`${path}.tmp`);
  for (const directory of [dir.state, dir.workloads]) await removeIn(directory, /\.tmp$/);
  await removeIn(dir.artifacts, /^[0-9a-f]{64}\.(tmp|gone)$/);
  for (const workload of await namesIn(dir.files)) await removeIn(join(dir.files, workload), UNFINISHED_NAME);
}

const UNFINISHED_NAME = new RegExp(`\\${UNFINISHED}$`);

async function removeIn(directory: string, name: RegExp): Promise<void> {
  for (const one of await namesIn(directory)) if (name.test(one)) await remove(join(directory, one));
}

async function remove(path: string): Promise<void> {
  try {
    await Deno.remove(path, { recursive: true });
    log.info('removed "{path}", which an interrupted write left', { path });
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) log.warn('cannot remove "{path}": {error}', { path, error });
  }
}

async function namesIn(directory: string): Promise<string[]> {
  const names: string[] = [];
  try {
    for await (const { name } of Deno.readDir(directory)) names.push(name);
  } catch {
    // Not there, or not a folder: a renamed workload leaves a link.
  }
  return names;
}
