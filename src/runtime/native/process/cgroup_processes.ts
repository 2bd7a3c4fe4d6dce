/** Control groups of instances as sets of processes (https://docs.kernel.org/admin-guide/cgroup-v2.html). */
import { basename, join } from "node:path";
import { readStartText, readStartTextSync } from "../../../os/bounded_read.ts";

/** 140 000 pids and more: a fork bomb is read in parts, each after those before were killed. */
const MOST_PIDS_BYTES = 1024 * 1024;
/** A service that is root can make groups below its own. */
const MOST_GROUPS = 256;
const MOST_LINE_BYTES = 8 * 1024;

/** Pids of the processes in the group and in groups below it; not of those that are about to be gone. */
export function cgroupPids(cgroup: string): number[] {
  return groupsIn(cgroup).flatMap(cgroupOwnPids);
}

/** Pids of the processes in the group itself. */
export function cgroupOwnPids(cgroup: string): number[] {
  const text = readStartTextSync(join(cgroup, "cgroup.procs"), MOST_PIDS_BYTES);
  return text.split("\n").filter((line) => line !== "").map(Number);
}

/** Whether a process is left in the group or below it. False for a group that does not exist. */
export function isPopulated(cgroup: string): boolean {
  return readStartTextSync(join(cgroup, "cgroup.events"), MOST_LINE_BYTES).includes("populated 1");
}

/** Whether the process is in the group or below it, by what the kernel says of the process. */
export async function isInCgroup(pid: number, cgroup: string): Promise<boolean> {
  const text = await readStartText(`/proc/${pid}/cgroup`, MOST_LINE_BYTES);
  const path = /^0::(\/.*)$/m.exec(text)?.[1] ?? "";
  const below = path.indexOf(`/${basename(cgroup)}/`);
  const group = below < 0 ? path : path.slice(0, below + basename(cgroup).length + 1);
  // `cgroup` begins with the mount. Nobody but root can make a group of this name at the same place.
  return group.endsWith(`/${basename(cgroup)}`) && cgroup.endsWith(group);
}

/** Lets a frozen group run. A daemon may have been killed while it killed what is in it. */
export async function thawCgroup(cgroup: string | null): Promise<void> {
  if (cgroup !== null) await Deno.writeTextFile(join(cgroup, "cgroup.freeze"), "0", { create: false }).catch(() => {});
}

/** Removes the group, and those below it, once they are empty. A group that is not empty yet stays. */
export async function removeCgroup(cgroup: string | null): Promise<void> {
  if (cgroup === null) return;
  for (const group of groupsIn(cgroup).reverse()) await Deno.remove(group).catch(() => {});
}

/** The group itself first, and each before those below it. */
function groupsIn(cgroup: string): string[] {
  const found = [cgroup];
  for (const group of found) {
    try {
      for (const entry of Deno.readDirSync(group)) {
        if (entry.isDirectory && found.length < MOST_GROUPS) found.push(join(group, entry.name));
      }
    } catch {
      // It is gone.
    }
  }
  return found;
}
