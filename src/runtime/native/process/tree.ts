/**
 * All processes of one instance, whatever they did to get away: by cgroup where there is one, else by session,
 * descent and the marker in their environment.
 */
import { join } from "node:path";
import { MARKER } from "../environment.ts";
import { isAlive, type ProcessIdentity, statOf } from "./identity.ts";

/** A program that forks faster than it is looked at loses after a few rounds: what is stopped can't fork. */
const ROUNDS = 5;
/** Of a group, a millisecond and more apart: a second or two. */
const EMPTY_LOOKS = 1000;

export interface Tree {
  id: string;
  service: ProcessIdentity | null;
  /** Never killed: it has to write down how the service ended. */
  shim: ProcessIdentity | null;
  cgroup: string | null;
}

/**
 * Kills what is left of the instance, and returns when it is gone, so that it holds no port or lock of its successor. A
 * process that is stuck in the kernel is not waited for. Harmless when nothing is left.
 */
export async function killTree(tree: Tree): Promise<void> {
  if (tree.cgroup !== null && await exists(tree.cgroup)) return await killGroup(tree.cgroup, tree.shim);
  for (let round = 0; round < ROUNDS; round++) {
    const left = await members(tree);
    if (left.length === 0) return;
    for (const name of ["SIGSTOP", "SIGKILL"] as const) {
      for (const one of left) if (await isAlive(one)) tryKill(one.pid, name);
    }
  }
}

/**
 * cgroup.kill spares nobody. Where the shim is in the group, the others are killed one by one, frozen: so none can fork
 * away, and SIGKILL reaches them all the same (Linux, cgroup-v2, "cgroup.freeze").
 */
async function killGroup(cgroup: string, shim: ProcessIdentity | null): Promise<void> {
  const write = (file: string, value: string) => Deno.writeTextFile(join(cgroup, file), value).catch(() => {});
  if (shim === null || !(await pidsOf(cgroup)).includes(shim.pid) || !await isAlive(shim)) {
    await write("cgroup.kill", "1");
    return await within(EMPTY_LOOKS, async () => {
      const events = await Deno.readTextFile(join(cgroup, "cgroup.events")).catch(() => "populated 0");
      return events.includes("populated 0");
    });
  }
  await write("cgroup.freeze", "1");
  const killed = new Set<number>();
  await within(EMPTY_LOOKS, async () => {
    const left = (await pidsOf(cgroup)).filter((pid) => pid !== shim.pid);
    for (const pid of left) {
      tryKill(pid, "SIGKILL");
      killed.add(pid);
    }
    // One that dies is not listed any more while it still has its files and ports.
    const states = await Promise.all([...killed].map(statOf));
    return left.length === 0 && states.every((one) => one === null || one.state === "Z" || one.state === "X");
  });
  await thaw(cgroup);
}

/** Harmless for a group that is not frozen: a daemon may have been killed while it killed what is in it. */
export async function thaw(cgroup: string | null): Promise<void> {
  if (cgroup !== null) await Deno.writeTextFile(join(cgroup, "cgroup.freeze"), "0", { create: false }).catch(() => {});
}

/** The kernel carries a SIGKILL out in its own time, as a rule within a millisecond. */
async function within(looks: number, isDone: () => Promise<boolean>): Promise<void> {
  for (let look = 0; look < looks && !await isDone(); look++) await new Promise((resolve) => setTimeout(resolve, 1));
}

async function pidsOf(cgroup: string): Promise<number[]> {
  const text = await Deno.readTextFile(join(cgroup, "cgroup.procs")).catch(() => "");
  return text.split("\n").filter((line) => line !== "").map(Number);
}

/** Removes the cgroup once it is empty; it stays for the next look when it is not yet. */
export async function removeCgroup(cgroup: string | null): Promise<void> {
  if (cgroup !== null) await Deno.remove(cgroup).catch(() => {});
}

/** Processes of the instance that are alive, without its shim. Reads all of /proc: for the end of an instance only. */
export async function members(tree: Tree): Promise<ProcessIdentity[]> {
  const found = new Map<number, ProcessIdentity>();
  const parents: { identity: ProcessIdentity; parent: number }[] = [];
  for await (const entry of Deno.readDir("/proc")) {
    const stat = /^\d+$/.test(entry.name) ? await statOf(Number(entry.name)) : null;
    if (stat === null || stat.state === "Z" || stat.pid === Deno.pid || stat.pid === tree.shim?.pid) continue;
    const identity = { pid: stat.pid, startTime: stat.startTime };
    parents.push({ identity, parent: stat.parent });
    const ours = (tree.service !== null && stat.session === tree.service.pid) || await isMarked(stat.pid, tree.id);
    if (ours) found.set(stat.pid, identity);
  }
  for (let grown = true; grown;) {
    grown = false;
    for (const { identity, parent } of parents) {
      if (!found.has(identity.pid) && found.has(parent)) {
        found.set(identity.pid, identity);
        grown = true;
      }
    }
  }
  return [...found.values()];
}

/** The process that carries the marker and has no parent that does: a shim that has not said yet who it is. */
export async function isAnyMarked(id: string): Promise<boolean> {
  for await (const entry of Deno.readDir("/proc")) {
    if (/^\d+$/.test(entry.name) && await isMarked(Number(entry.name), id)) return true;
  }
  return false;
}

export async function isMarked(pid: number, id: string): Promise<boolean> {
  const environ = await Deno.readTextFile(`/proc/${pid}/environ`).catch(() => "");
  return `\0${environ}`.includes(`\0${MARKER}=${id}\0`);
}

function tryKill(pid: number, name: Deno.Signal): void {
  try {
    Deno.kill(pid, name);
  } catch {
    // It ended by itself in between.
  }
}

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}
