/** What a workload had under its old name, brought under the new one. What runs goes on running. */
import { join } from "node:path";
import { asFailure } from "../failure.ts";
import { logger } from "../log.ts";
import { renamedState, renames } from "./pipeline/renames.ts";
import type { Desired } from "../model/desired.ts";
import type { DataDir } from "../store/data_dir.ts";
import type { WorkloadStateStore } from "../store/workload_state_store.ts";
import type { EventLog } from "./event_log.ts";
import type { Observer } from "./observer.ts";

const log = logger("reconciler");

export interface RenameInput {
  desired: Desired | null;
  states: WorkloadStateStore;
  observer: Observer;
  /** Workloads with an operation under way. */
  busy: { has(workload: string): boolean };
  dir: DataDir;
  events: EventLog;
}

/** After every observation. Writes only when there is something to take over, or left behind. */
export async function applyRenames(input: RenameInput): Promise<void> {
  const { desired, states, observer, busy, dir, events } = input;
  const names = renames(desired, states.all);
  observer.rename(names);
  for (const [from, to] of names) {
    if (busy.has(from) || busy.has(to)) continue;
    const state = renamedState(states.all, { from, to });
    if (state === null) continue;
    // Contents that stay behind are found by what runs of them, and written anew with the next revision.
    await moveContents(dir, { from, to }).catch((error) => warn(from, error));
    await states.save(state);
    await states.forget(from);
    events.add({ workload: to, reason: "created", message: `${to} takes over what was ${from}` });
  }
  await removeOldLinks(input);
}

/** Contents of its files stay where instances may look for them. */
async function moveContents(dir: DataDir, { from, to }: { from: string; to: string }): Promise<void> {
  await Deno.mkdir(join(dir.files, to), { recursive: true, mode: 0o755 });
  for (const name of await namesIn(join(dir.files, from))) {
    await moveLeavingLink(join(dir.files, from, name), join(dir.files, to, name));
  }
}

/** Right before its first start under the new name: what it wrote, and its logs. */
export async function moveDirectories(
  name: string,
  { states, dir }: Pick<RenameInput, "states" | "dir">,
): Promise<void> {
  const from = states.all.get(name)?.formerName;
  if (from === undefined) return;
  for (const root of [dir.services, dir.logs]) await moveLeavingLink(join(root, from), join(root, name));
}

/** When nothing runs under the old name any more, nothing is left that leads to it. */
async function removeOldLinks({ desired, states, observer, busy, dir }: RenameInput): Promise<void> {
  if (!observer.isComplete || desired === null) return;
  const inUse = new Set(observer.instances.map((instance) => instance.formerName));
  for (const state of [...states.all.values()]) {
    const { formerName: from, ...rest } = state;
    if (from === undefined || inUse.has(from) || busy.has(state.name)) continue;
    try {
      // Of a service that never ran under its new name, all still lies under the old one.
      await moveDirectories(state.name, { states, dir });
      for (const root of [dir.services, dir.logs]) await removeLink(join(root, from));
    } catch (error) {
      // With the next pass, when the disk may take it. What is under the old name is found by its link until then.
      warn(from, error);
      continue;
    }
    await states.save(rest);
  }
}

function warn(name: string, error: unknown): void {
  log.debug("what was {name} stays where it is: {message}", { name, message: asFailure(error).message });
}

/** What is there already, whoever made it, stays as it is. */
async function moveLeavingLink(from: string, to: string): Promise<void> {
  const isThere = (path: string) => Deno.lstat(path).then((info) => !info.isSymlink, () => false);
  if (!await isThere(from) || await isThere(to)) return;
  await Deno.rename(from, to);
  await Deno.symlink(to, from);
}

async function removeLink(path: string): Promise<void> {
  const info = await Deno.lstat(path).catch(() => null);
  if (info?.isSymlink === true) await Deno.remove(path);
}

async function namesIn(path: string): Promise<string[]> {
  try {
    return (await Array.fromAsync(Deno.readDir(path))).map((entry) => entry.name);
  } catch {
    return [];
  }
}
