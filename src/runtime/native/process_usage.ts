/**
 * What an instance uses: told by its cgroup where the kernel keeps the numbers there, else added up over its processes.
 * Reads /proc and /sys alone, nothing that waits for a disk.
 */
import { join } from "node:path";
import { readStartTextSync } from "../../os/bounded_read.ts";
import type { Clock } from "../../clock.ts";
import type { Usage } from "../runtime.ts";
import { cgroupOwnPids } from "./process/cgroup_processes.ts";
import type { Tree } from "./process/kill_tree.ts";

/** USER_HZ, the unit of times in /proc/PID/stat: 100 on x86_64 and aarch64, whatever CONFIG_HZ is (time(7)). */
const TICK_MS = 10;
/** 100 microseconds each, and the event loop waits for it. Those beyond count as much as these, each by itself. */
const MOST_SIZED = 500;
/** /proc/PID/status has a kilobyte, but for a process in thousands of groups. */
const MOST_BYTES = 64 * 1024;
/** One look at all processes serves every instance that is asked for in the same round. */
const SCAN_COUNTS_MS = 500;

interface Process {
  pid: number;
  parent: number;
  session: number;
  /** Its own, and of children that it waited for: what ends inside of the tree stays counted. */
  cpuMs: number;
}

export class UsageReader {
  readonly #clock: Clock;
  #scan: { at: number; processes: Promise<Process[]> } | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Null when nothing of the instance runs. Its shim does not count, but for the little memory that it has: it is ours. */
  async of({ cgroup, service, shim }: Pick<Tree, "cgroup" | "service" | "shim">): Promise<Usage | null> {
    const told = cgroup === null ? null : ofCgroup(cgroup, shim?.pid ?? null);
    if (told !== null || service === null) return told;
    return ofProcesses(tree(await this.#processes(), service.pid));
  }

  #processes(): Promise<Process[]> {
    const now = this.#clock.monotonic();
    if (this.#scan === null || now - this.#scan.at > SCAN_COUNTS_MS) this.#scan = { at: now, processes: scan() };
    return this.#scan.processes;
  }
}

/**
 * `cpu.stat` tells the time in every cgroup of version 2, the memory controller need not be there for it. Null when the
 * cgroup is gone or empty.
 */
function ofCgroup(cgroup: string, shim: number | null): Usage | null {
  const usec = fieldOf(read(join(cgroup, "cpu.stat")), "usage_usec");
  const all = cgroupOwnPids(cgroup);
  const pids = all.filter((pid) => pid !== shim);
  if (usec === null || pids.length === 0) return null;
  const [current] = numbers(read(join(cgroup, "memory.current")));
  const cpuMs = usec / 1000;
  if (current === undefined) return { cpuMs, ...sizeOf(pids) };
  // File pages that nobody touched lately are given back when somebody needs memory; `docker stats` leaves them out too.
  const idle = fieldOf(read(join(cgroup, "memory.stat")), "inactive_file") ?? 0;
  const [tasks] = numbers(read(join(cgroup, "pids.current")));
  return {
    cpuMs,
    memoryBytes: Math.max(0, current - idle),
    pids: tasks === undefined ? pids.length : tasks - all.length + pids.length,
  };
}

function ofProcesses(processes: Process[]): Usage | null {
  if (processes.length === 0) return null;
  const cpuMs = processes.reduce((sum, process) => sum + process.cpuMs, 0);
  return { cpuMs, ...sizeOf(processes.map(({ pid }) => pid)) };
}

/**
 * Memory of a tree: what each process has for itself, and once the most that one of them has in files and shared memory.
 * A sum of resident sizes would count a library once for each worker; /proc/PID/smaps_rollup would be exact, but it
 * walks every page and costs six times as much. Too high where processes still share what they had before a fork.
 */
function sizeOf(pids: readonly number[]): Pick<Usage, "memoryBytes" | "pids"> {
  let own = 0;
  let shared = 0;
  let tasks = 0;
  const looked = pids.slice(0, MOST_SIZED);
  for (const pid of looked) {
    const status = read(`/proc/${pid}/status`);
    const field = (name: string) => fieldOf(status, name) ?? 0;
    own += field("RssAnon:");
    shared = Math.max(shared, field("RssFile:") + field("RssShmem:"));
    tasks += field("Threads:");
  }
  const share = pids.length / Math.max(1, looked.length);
  return { memoryBytes: Math.round(own * share + shared) * 1024, pids: Math.round(tasks * share) };
}

/** The service's session, and what descends from it. What left both is found only where there is a cgroup. */
function tree(all: readonly Process[], service: number): Process[] {
  const found = new Map(
    all.filter((process) => process.pid === service || process.session === service).map((
      process,
    ) => [process.pid, process]),
  );
  for (let grown = true; grown;) {
    grown = false;
    for (const process of all) {
      if (found.has(process.pid) || !found.has(process.parent)) continue;
      found.set(process.pid, process);
      grown = true;
    }
  }
  return [...found.values()];
}

/** Others have their turn in between: there may be thousands. */
async function scan(): Promise<Process[]> {
  const found: Process[] = [];
  for await (const { name } of Deno.readDir("/proc")) {
    const stat = /^\d+$/.test(name) ? await Deno.readTextFile(`/proc/${name}/stat`).catch(() => "") : "";
    const one = parse(stat);
    if (one !== null) found.push(one);
  }
  return found;
}

/** proc_pid_stat(5), counted from the end of the name, which may hold anything. */
function parse(stat: string): Process | null {
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  if (fields.length < 20) return null;
  const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
  return {
    pid: Number.parseInt(stat, 10),
    parent: Number(fields[1]),
    session: Number(fields[3]),
    cpuMs: ticks * TICK_MS,
  };
}

/** The number behind a name at the begin of a line. */
function fieldOf(text: string, name: string): number | null {
  const line = text.split("\n").find((one) => one.startsWith(name) && /\s/.test(one.charAt(name.length)));
  return line === undefined ? null : Number.parseInt(line.slice(name.length), 10);
}

function numbers(text: string): number[] {
  return text.split(/\s+/).filter((one) => one !== "").map(Number);
}

/** Empty for what is gone, or was never there. */
function read(path: string): string {
  return readStartTextSync(path, MOST_BYTES);
}
