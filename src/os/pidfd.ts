/** Which process is meant, and signals to none but that one. */
import { type SignalName, signalNumber } from "../model/signal.ts";
import { closePidfd, killByPid, openPidfd, signalPidfd } from "./libc.ts";

/**
 * A pid alone is reused; pid, start time and boot together are not. The start time is field 22
 * of /proc/PID/stat, in clock ticks since boot (proc_pid_stat(5)); it survives exec.
 */
export interface ProcessHandle {
  pid: number;
  startTime: string;
}

/** From a line of /proc/PID/stat. The name in parentheses may hold anything, so fields are counted from its end. */
export function parseStat(line: string): (ProcessHandle & { state: string; parent: number; session: number }) | null {
  const end = line.lastIndexOf(")");
  const fields = line.slice(end + 2).trim().split(" ");
  const pid = Number.parseInt(line, 10);
  const [state, parent, , session] = fields;
  const startTime = fields[19];
  if (end < 0 || !Number.isInteger(pid) || startTime === undefined) return null;
  return { pid, startTime, state: state!, parent: Number(parent), session: Number(session) };
}

/** Null when there is no such process. */
export async function statOf(pid: number) {
  try {
    return parseStat(await Deno.readTextFile(`/proc/${pid}/stat`));
  } catch {
    return null;
  }
}

/** Whether just this process exists and has not ended; a zombie has. */
export async function isAlive(identity: ProcessHandle): Promise<boolean> {
  const found = await statOf(identity.pid);
  return found !== null && found.startTime === identity.startTime && found.state !== "Z" && found.state !== "X";
}

/**
 * Signals the process if it is still the one that is meant, and alive. True when it was. Through a handle of it where
 * the kernel has them: between the look and the signal, a pid may come to mean another process.
 */
export async function signal(identity: ProcessHandle, name: SignalName): Promise<boolean> {
  const number = signalNumber(name);
  const handle = openPidfd(identity.pid);
  try {
    if (!await isAlive(identity)) return false;
    if (handle !== null) return signalPidfd(handle, number);
    const isSent = killByPid(identity.pid, number);
    if (isSent !== null) return isSent;
    // Without foreign functions. Deno knows no real-time signal, and says so.
    Deno.kill(identity.pid, name as Deno.Signal);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  } finally {
    if (handle !== null) closePidfd(handle);
  }
}

/** Of this boot of the machine. */
export async function bootId(): Promise<string> {
  return (await Deno.readTextFile("/proc/sys/kernel/random/boot_id")).trim();
}
