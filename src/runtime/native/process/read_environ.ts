/**
 * Reads environments of running processes. /proc/PID/environ is memory of the process: it can be many GiB long
 * (PR_SET_MM_MAP, prctl(2)), and a page of it can keep the reader waiting (a file of a FUSE mount in its place).
 */
import { readStart } from "../../../os/bounded_read.ts";

/** With the usual stack limit of 8 MiB, execve(2) takes no larger environment. */
const MOST_BYTES = 2 * 1024 * 1024;
/** Milliseconds; enough for memory that is swapped out to a slow card. A longer wait is the work of the process. */
const DEADLINE_MS = 1000;
/** A read that does not return holds one of the 32 threads that all files of the daemon are read with. */
const MOST_STUCK = 4;

const stuck = new Set<number>();
/** One read at a time, so that the bound above holds whoever asks. */
let last: Promise<unknown> = Promise.resolve();

/** NAME to value; null where the environment is larger than execve(2) takes, or cannot be read in time. */
export async function readEnvironment(pid: number): Promise<Record<string, string> | null> {
  const text = await readEnviron(pid, MOST_BYTES + 1);
  if (text === null || text.length > MOST_BYTES) return null;
  return Object.fromEntries(
    text.split("\0").flatMap((pair) => {
      const at = pair.indexOf("=");
      return at < 1 ? [] : [[pair.slice(0, at), pair.slice(at + 1)]];
    }),
  );
}

/** The first `most` bytes of the environment as text, each pair ending with NUL; null where there are none in time. Never throws. */
export function readEnviron(pid: number, max: number): Promise<string | null> {
  const read = last.then(() => readNext(pid, max));
  last = read;
  return read;
}

async function readNext(pid: number, max: number): Promise<string | null> {
  if (stuck.has(pid) || stuck.size >= MOST_STUCK) return null;
  const read = readStart(`/proc/${pid}/environ`, max).catch(() => null);
  const { promise: late, resolve } = Promise.withResolvers<"late">();
  const timer = setTimeout(() => resolve("late"), DEADLINE_MS);
  const bytes = await Promise.race([read, late]);
  clearTimeout(timer);
  if (bytes !== "late") return bytes === null ? null : new TextDecoder().decode(bytes);
  stuck.add(pid);
  read.finally(() => stuck.delete(pid));
  return null;
}
