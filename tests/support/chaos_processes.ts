/** The processes of a chaos test as the kernel tells them, whatever the daemon says. */
import { join } from "node:path";
import { slotOf } from "./chaos_journal.ts";

export interface ServiceProcess {
  pid: number;
  startTime: string;
  id: string;
  workload: string;
  slot: number;
  /** The shim, or what will become the service a moment later. */
  isShim: boolean;
}

/** Everything alive that carries CHAOS=root in its environment: shims, services, and whatever these started. */
export async function processesBelow(root: string): Promise<ServiceProcess[]> {
  const found: ServiceProcess[] = [];
  for await (const entry of Deno.readDir("/proc")) {
    if (!/^\d+$/.test(entry.name)) continue;
    const environ = await read(`/proc/${entry.name}/environ`);
    if (!environ.includes(`CHAOS=${root}\0`)) continue;
    const startTime = await startTimeOf(Number(entry.name));
    if (startTime === null) continue;
    const env = new Map(environ.split("\0").map((pair) => pair.split("=", 2) as [string, string]));
    found.push({
      pid: Number(entry.name),
      startTime,
      id: env.get("HARBORNODE_INSTANCE") ?? "no marker",
      workload: env.get("HARBORNODE_WORKLOAD") ?? "no workload",
      slot: Number(env.get("HARBORNODE_SLOT")),
      isShim: (await read(`/proc/${entry.name}/cmdline`)).includes("harbornode-shim"),
    });
  }
  return found;
}

/**
 * Slots in which processes of two instances are alive at once. /proc is not read in one moment: a slot counts only if
 * all of them are still alive after all of them were found.
 */
export async function doubleSlots(root: string): Promise<string[]> {
  const services = (await processesBelow(root)).filter((serviceProcess) => !serviceProcess.isShim);
  const doubles: string[] = [];
  for (const [slot, processes] of Map.groupBy(services, slotOf)) {
    const alive = await Promise.all(
      processes.map(async (process) => await startTimeOf(process.pid) === process.startTime),
    );
    const ids = new Set(processes.filter((_, index) => alive[index]).map((process) => process.id));
    if (ids.size > 1) doubles.push(`${slot}: ${[...ids].join(" and ")}`);
  }
  return doubles;
}

/** Field 22 of /proc/PID/stat; null for what has ended, a zombie too. */
async function startTimeOf(pid: number): Promise<string | null> {
  const stat = await read(`/proc/${pid}/stat`);
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return stat === "" || fields[0] === "Z" || fields[0] === "X" ? null : fields[19] ?? null;
}

async function read(path: string): Promise<string> {
  return await Deno.readTextFile(path).catch(() => "");
}

/** Cgroups that were made for instances of the device; wherever cgroup v2 is mounted as a rule. */
export async function cgroupsLeft(deviceId: string): Promise<string[]> {
  const own = /^0::(\/.*)$/m.exec(await read("/proc/self/cgroup"))?.[1] ?? "/";
  const left: string[] = [];
  for (const mount of ["/sys/fs/cgroup", "/sys/fs/cgroup/unified"]) {
    const group = join(mount, own);
    const names = await Array.fromAsync(Deno.readDir(group), ({ name }) => name).catch(() => []);
    left.push(...names.filter((name) => name.startsWith(`harbornode-${deviceId.slice(0, 8)}-`)));
  }
  return left;
}
