/** Where cgroup v2 is mounted, and what of it this process has (https://docs.kernel.org/admin-guide/cgroup-v2.html). */
import { join } from "node:path";
import { exists } from "../../../os/exists.ts";

/** The second where systemd keeps version 1 beside it. */
const MOUNTS = ["/sys/fs/cgroup", "/sys/fs/cgroup/unified"];

export const CONTROLLERS = ["memory", "cpu", "pids"] as const;
export type Controller = (typeof CONTROLLERS)[number];

/** The mount and this process's own group in it; null where there is no cgroup v2. */
export async function findCgroup(): Promise<{ mount: string; own: string } | null> {
  const own = /^0::(\/.*)$/m.exec(await Deno.readTextFile("/proc/self/cgroup").catch(() => ""))?.[1];
  if (own === undefined) return null;
  for (const mount of MOUNTS) {
    // A plain folder on a tmpfs (the root of cgroup v1) has no such file: then it was none.
    if (await exists(join(mount, own, "cgroup.procs"))) return { mount, own: join(mount, own) };
  }
  return null;
}

/** Those of ours that a group may give to the groups below it. */
export async function controllersOf(group: string): Promise<Controller[]> {
  const text = await Deno.readTextFile(join(group, "cgroup.controllers")).catch(() => "");
  const all = text.trim().split(" ");
  return CONTROLLERS.filter((name) => all.includes(name));
}

/**
 * Gives them to the groups below. A group that does has no process of its own, only groups with processes: `pid` moves
 * to the leaf `name` first. False, and all is as before, where another process keeps that from being done.
 */
export async function enableControllers(group: string, { pid, name }: { pid: number; name: string }): Promise<boolean> {
  const controllers = await controllersOf(group);
  if (controllers.length === 0) return false;
  const leaf = join(group, name);
  try {
    await Deno.mkdir(leaf, { recursive: true });
    await Deno.writeTextFile(join(leaf, "cgroup.procs"), String(pid));
    const given = await Promise.all(controllers.map((name) => giveOne(group, name)));
    if (given.includes(true)) return true;
  } catch {
    // Read-only, or not ours.
  }
  await Deno.writeTextFile(join(group, "cgroup.procs"), String(pid)).catch(() => {});
  await Deno.remove(leaf).catch(() => {});
  return false;
}

/** Each by itself: one that the kernel refuses must not take the others with it. */
async function giveOne(group: string, controller: Controller): Promise<boolean> {
  const path = join(group, "cgroup.subtree_control");
  return await Deno.writeTextFile(path, `+${controller}`).then(() => true, () => false);
}
