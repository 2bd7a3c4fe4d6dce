/**
 * All processes of one instance, whatever they did to get away: by cgroup where there is one, else by session, descent
 * and the marker in their environment.
 */
import { join } from "node:path";
import type { SignalName } from "../../../model/signal.ts";
import { MARKER } from "../service_environment.ts";
import { readEnviron } from "./read_environ.ts";
import { cgroupPids, isInCgroup, isPopulated, thawCgroup } from "./cgroup_processes.ts";
import { isAlive, type ProcessHandle, signal, statOf } from "../../../os/pidfd.ts";
import { exists } from "../../../os/exists.ts";

/** A program that forks faster than it is looked at loses after a few rounds: what is stopped cannot fork. */
const ROUNDS = 5;
/** Of a group, a millisecond and more apart: a second or two. */
const EMPTY_LOOKS = 1000;
/** Of an environment, to find the marker: more than any but the strangest has. */
const MARKER_BYTES = 256 * 1024;

export interface Tree {
  id: string;
  service: ProcessHandle | null;
  /** Never signalled or killed: it has to write down how the service ended. */
  shim: ProcessHandle | null;
  cgroup: string | null;
}

/**
 * Kills what is left of the instance, and returns when it is gone, so that it holds no port or lock of its successor. A
 * process that is stuck in the kernel is not waited for. Harmless when nothing is left.
 */
export async function killTree(tree: Tree): Promise<void> {
  if (tree.cgroup !== null && await exists(tree.cgroup)) {
    await killGroup(tree.cgroup, tree.shim);
    // A service below a shim that stays outside joins the group itself, and may not have come to it.
    if (tree.service !== null) await signal(tree.service, "SIGKILL").catch(() => {});
    return;
  }
  for (let round = 0; round < ROUNDS; round++) {
    const left = await members(tree);
    if (left.length === 0) return;
    for (const name of ["SIGSTOP", "SIGKILL"] as const) {
      for (const processIdentity of left) await signal(processIdentity, name).catch(() => {});
    }
  }
}

/** Processes that got a stop signal, by pid, with the time of the signal in clock ticks since boot. */
export type SignalledProcesses = Map<number, { startTime: string; ticks: number }>;

/**
 * Sends the signal to each process of the instance that did not get it yet. Looks again a few times for processes that
 * were forked meanwhile, but spares what a process forks after its own signal: a helper of its stop handler, such as
 * `sleep` in a trap of a shell, which must do its work. Processes that are stopped are continued, as systemd does: else
 * they could not obey.
 */
export async function signalTree(tree: Tree, name: SignalName, signalled: SignalledProcesses): Promise<void> {
  for (let round = 0; round < ROUNDS; round++) {
    const fresh: ProcessHandle[] = [];
    for (const process of await members(tree)) if (!await isHandled(process, signalled)) fresh.push(process);
    if (fresh.length === 0) return;
    for (const process of fresh) {
      signalled.set(process.pid, { startTime: process.startTime, ticks: await uptimeTicks() });
      await signal(process, name).catch(() => {});
      if ((await statOf(process.pid))?.state === "T") await signal(process, "SIGCONT").catch(() => {});
    }
  }
}

/** Returns whether the process got the signal, or was forked by one that had got it. */
async function isHandled({ pid, startTime }: ProcessHandle, signalled: SignalledProcesses): Promise<boolean> {
  if (signalled.get(pid)?.startTime === startTime) return true;
  const stat = await statOf(pid);
  const parent = stat === null ? undefined : signalled.get(stat.parent);
  if (parent === undefined || Number(startTime) < parent.ticks) return false;
  // What this process forks is spared as well.
  signalled.set(pid, { startTime, ticks: Number(startTime) });
  return true;
}

/** Time since boot in clock ticks, 100 in a second, as start times are counted (proc_pid_stat(5), proc_uptime(5)). */
async function uptimeTicks(): Promise<number> {
  const [seconds] = (await Deno.readTextFile("/proc/uptime")).split(" ");
  return Math.floor(Number(seconds) * 100);
}

/**
 * cgroup.kill spares nobody. Where the shim is in the group, the others are killed one by one, frozen: so none can fork
 * away, and SIGKILL reaches them all the same (Linux, cgroup-v2, "cgroup.freeze").
 */
async function killGroup(cgroup: string, shim: ProcessHandle | null): Promise<void> {
  const write = (file: string, value: string) => Deno.writeTextFile(join(cgroup, file), value).catch(() => {});
  if (shim === null || !cgroupPids(cgroup).includes(shim.pid) || !await isAlive(shim)) {
    await write("cgroup.kill", "1");
    return await within(EMPTY_LOOKS, () => Promise.resolve(!isPopulated(cgroup)));
  }
  await write("cgroup.freeze", "1");
  const killed = new Set<number>();
  await within(EMPTY_LOOKS, async () => {
    const left = cgroupPids(cgroup).filter((pid) => pid !== shim.pid);
    for (const pid of left) {
      tryKill(pid, "SIGKILL");
      killed.add(pid);
    }
    // One that dies is not listed any more while it still has its files and ports.
    const states = await Promise.all([...killed].map(statOf));
    return left.length === 0 && states.every((state) => state === null || state.state === "Z" || state.state === "X");
  });
  await thawCgroup(cgroup);
}

/** The kernel carries a SIGKILL out in its own time, as a rule within a millisecond. */
async function within(looks: number, isDone: () => Promise<boolean>): Promise<void> {
  for (let look = 0; look < looks && !await isDone(); look++) await new Promise((resolve) => setTimeout(resolve, 1));
}

/** Whether a process of the instance is left. For after the end of its shim. */
export async function isAnyLeft(tree: Tree): Promise<boolean> {
  if (tree.cgroup !== null && await exists(tree.cgroup)) return isPopulated(tree.cgroup);
  return (await members(tree)).length > 0;
}

/** Processes of the instance that are alive, without its shim. Reads all of /proc where there is no cgroup. */
export async function members(tree: Tree): Promise<ProcessHandle[]> {
  return tree.cgroup !== null && await exists(tree.cgroup) ? await inGroup(tree.cgroup, tree) : await inSession(tree);
}

/** A pid that is listed before and after the look at its process is not reused in between. */
async function inGroup(cgroup: string, { service, shim }: Tree): Promise<ProcessHandle[]> {
  const found: ProcessHandle[] = service !== null && await isAlive(service) ? [service] : [];
  for (const pid of cgroupPids(cgroup)) {
    const stat = pid === shim?.pid || pid === service?.pid ? null : await statOf(pid);
    if (stat !== null && stat.state !== "Z") found.push({ pid, startTime: stat.startTime });
  }
  const still = new Set(cgroupPids(cgroup));
  return found.filter((processIdentity) => processIdentity === service || still.has(processIdentity.pid));
}

async function inSession(tree: Tree): Promise<ProcessHandle[]> {
  const { service } = tree;
  const found = new Map<number, ProcessHandle>();
  const parents: { identity: ProcessHandle; parent: number }[] = [];
  const leader = service === null ? null : await statOf(service.pid);
  // A session of this number is another one once a later process has its pid.
  const session = leader === null || leader.startTime === service?.startTime ? service?.pid : undefined;
  for await (const entry of Deno.readDir("/proc")) {
    const stat = /^\d+$/.test(entry.name) ? await statOf(Number(entry.name)) : null;
    if (stat === null || stat.state === "Z" || stat.pid === Deno.pid || stat.pid === tree.shim?.pid) continue;
    const identity = { pid: stat.pid, startTime: stat.startTime };
    parents.push({ identity, parent: stat.parent });
    if (stat.session === session || await isMarked(stat.pid, tree.id)) found.set(stat.pid, identity);
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

/** Whether the process is one of the instance's: by its cgroup where there is one, else by its marker. */
export async function isMember(pid: number, { id, cgroup }: Pick<Tree, "id" | "cgroup">): Promise<boolean> {
  return cgroup !== null && await exists(cgroup) ? await isInCgroup(pid, cgroup) : await isMarked(pid, id);
}

/**
 * Whether a process runs that may come to say that it is the instance's shim. It is the daemon's user until it has said
 * so, and carries the marker.
 */
export async function isAnyMarked(id: string): Promise<boolean> {
  for await (const { name } of Deno.readDir("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const owner = await Deno.stat(`/proc/${name}`).then((info) => info.uid, () => null);
    if (owner === Deno.uid() && await isMarked(Number(name), id)) return true;
  }
  return false;
}

async function isMarked(pid: number, id: string): Promise<boolean> {
  const environ = await readEnviron(pid, MARKER_BYTES) ?? "";
  return `\0${environ}`.includes(`\0${MARKER}=${id}\0`);
}

function tryKill(pid: number, name: Deno.Signal): void {
  try {
    Deno.kill(pid, name);
  } catch {
    // It ended by itself in between.
  }
}
