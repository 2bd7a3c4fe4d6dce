/** What /proc says of processes: whose they are, what they hold, what they used. Never signals anything but in `endAll`. */
import { eventually } from "../support/eventually.ts";

/** In the environment or on the command line of every process that a run starts, with the run's folder as its value. */
export const MARK = "SUPERVISION_BENCH";

/** /proc/PID/stat counts in USER_HZ, which Linux keeps at 100 for programs (time(7)). */
const TICKS_PER_SECOND = 100;

/** Processes whose command line or environment names the folder: a daemon, its helpers, its services. */
export async function processesNaming(directory: string): Promise<number[]> {
  const found: number[] = [];
  for await (const entry of Deno.readDir("/proc")) {
    const pid = Number(entry.name);
    if (!Number.isInteger(pid) || pid === Deno.pid) continue;
    const said = await Promise.all([read(pid, "cmdline"), read(pid, "environ")]);
    if (said.some((text) => text?.includes(directory))) found.push(pid);
  }
  return found;
}

/** Memory in KiB, pages that several processes share counted in parts (proc(5), smaps_rollup). */
export async function proportionalKiB(pid: number): Promise<number> {
  return Number(/^Pss:\s+(\d+) kB/m.exec(await read(pid, "smaps_rollup") ?? "")?.[1] ?? 0);
}

export async function cpuSeconds(pid: number): Promise<number> {
  const fields = statFields(await read(pid, "stat"));
  return fields === null ? 0 : (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

/** Bytes that the process caused to be written to a disk. */
export async function writtenBytes(pid: number): Promise<number> {
  return Number(/^write_bytes: (\d+)/m.exec(await read(pid, "io") ?? "")?.[1] ?? 0);
}

/** When the process began, in ticks since boot: with the pid an identity. Null when it is gone or waits to be reaped. */
export async function startTicks(pid: number): Promise<number | null> {
  const fields = statFields(await read(pid, "stat"));
  return fields === null || fields[0] === "Z" || fields[0] === "X" ? null : Number(fields[19]);
}

/** Ends all processes that name the folder, those that are started meanwhile too. Returns when none is left. */
export async function endAll(directory: string): Promise<void> {
  await eventually(`nothing of ${directory} runs`, async () => {
    const left = await processesNaming(directory);
    // Supervisors first, or they start what was just ended.
    for (const pid of left) stopped(pid, "SIGSTOP");
    for (const pid of left) stopped(pid, "SIGKILL");
    return left.length === 0;
  });
}

function stopped(pid: number, signal: Deno.Signal): void {
  try {
    Deno.kill(pid, signal);
  } catch {
    // It ended by itself.
  }
}

/** From the state on, which is field 3; the name before it may hold anything. */
function statFields(stat: string | null): string[] | null {
  return stat === null ? null : stat.slice(stat.lastIndexOf(")") + 2).split(" ");
}

async function read(pid: number, file: string): Promise<string | null> {
  try {
    return new TextDecoder("latin1").decode(await Deno.readFile(`/proc/${pid}/${file}`));
  } catch {
    return null;
  }
}
