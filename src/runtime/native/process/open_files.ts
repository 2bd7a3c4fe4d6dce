/** What a process has open, by the links of /proc/PID/fd (proc_pid_fd(5)). */
import { readStartTextSync } from "../../../os/bounded_read.ts";

/** A process with a larger table is passed over: the list of its files would be read whole, and each looked at. */
const MOST_FILES = 16 * 1024;
const MOST_STATUS_BYTES = 1024 * 1024;

/** Yields the links, like "socket:[1234]". Nothing for a process that has ended, is another user's, or opens too many files. */
export async function* openFiles(pid: number): AsyncGenerator<string> {
  const status = readStartTextSync(`/proc/${pid}/status`, MOST_STATUS_BYTES);
  const size = Number(/^FDSize:\s+(\d+)$/m.exec(status)?.[1] ?? Infinity);
  if (size > MOST_FILES) return;
  try {
    for await (const { name } of Deno.readDir(`/proc/${pid}/fd`)) {
      yield await Deno.readLink(`/proc/${pid}/fd/${name}`).catch(() => "");
    }
  } catch {
    // It ended, or only root may look.
  }
}
