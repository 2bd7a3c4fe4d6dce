/** A program, or a person, may remove or replace a log file; the process goes on writing into what it has open. */
import fs from "node:fs";

/**
 * Whether the stdout of this process is the file at this path. True when that cannot be seen: the process has ended, or
 * is another user's. `pid` is of the shim, whose stdout stays what it was given; a program may send its own elsewhere.
 */
export function isOpenedBy(path: string, pid: number): boolean {
  let open: fs.Stats;
  try {
    open = fs.statSync(`/proc/${pid}/fd/1`);
  } catch {
    return true;
  }
  const there = fs.statSync(path, { throwIfNoEntry: false });
  return there !== undefined && there.ino === open.ino && there.dev === open.dev;
}
