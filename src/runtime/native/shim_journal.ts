/**
 * What a shim wrote down of its service: a line "start", with the service's /proc/PID/stat, and a line "end", with exit
 * status and seconds since boot, by turns. The shim may run as the service's user, which could therefore come to write
 * here too: so little is read, and who it names is believed by `isOf` alone.
 */
import { join } from "node:path";
import { readStart } from "../../os/bounded_read.ts";
import { parseStat, type ProcessHandle, statOf } from "../../os/pidfd.ts";
import { isMember, type Tree } from "./process/kill_tree.ts";

export interface ShimJournal {
  /** The last one that was started; null while there is none. */
  service: ProcessHandle | null;
  /** Ends that a start followed. */
  respawns: { code: number; uptime: number }[];
  /** The last end, unless a start followed it. Whether none will is known once the shim has ended. */
  exitCode: number | null;
  /** When the last line was written, in milliseconds since the epoch. */
  at: number;
}

/** A hundred restarts and more. */
const MOST_BYTES = 64 * 1024;
const NOTHING: ShimJournal = { service: null, respawns: [], exitCode: null, at: 0 };

/** A line without its end is a write under way. */
export async function readShimJournal(directory: string): Promise<ShimJournal> {
  const path = join(directory, "notes");
  try {
    const text = new TextDecoder().decode(await readStart(path, MOST_BYTES));
    const { mtime } = await Deno.stat(path);
    return parseNotes(text, mtime?.getTime() ?? 0);
  } catch {
    return NOTHING;
  }
}

function parseNotes(text: string, at: number): ShimJournal {
  const starts: ProcessHandle[] = [];
  const ends: { code: number; uptime: number }[] = [];
  for (const line of text.split("\n").slice(0, -1)) {
    const stat = line.startsWith("start ") ? parseStat(line.slice("start ".length)) : null;
    const end = /^end (\d{1,3}) (\d+\.\d+)$/.exec(line);
    if (stat !== null) starts.push({ pid: stat.pid, startTime: stat.startTime });
    else if (end !== null) ends.push({ code: Number(end[1]), uptime: Number(end[2]) });
  }
  const isEnded = ends.length > 0 && ends.length >= starts.length;
  return {
    service: starts.at(-1) ?? null,
    respawns: ends.slice(0, Math.max(0, starts.length - 1)),
    exitCode: isEnded ? ends.at(-1)!.code : null,
    at,
  };
}

/**
 * Whether the process is the instance's own: a child of its shim, or a member of its cgroup (without one: a process with
 * its marker), should the shim have ended. True for a process that has ended: no signal would reach it anyway.
 */
export async function belongsTo(service: ProcessHandle, { id, shim, cgroup }: Omit<Tree, "service">): Promise<boolean> {
  const stat = await statOf(service.pid);
  if (stat === null || stat.startTime !== service.startTime) return true;
  if (stat.parent === shim?.pid) return true;
  return await isMember(service.pid, { id, cgroup });
}
