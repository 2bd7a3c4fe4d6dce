/** The part of this program's own file that is mapped to be executed. */
import { libc } from "../os/libc.ts";

/** madvise(2), the same on x86_64 and arm64. */
const MADV_DONTNEED = 4;

/**
 * Lets go of it: 23 MB, most of which only the start has run. Nothing is lost, since nobody writes to it; what is run
 * again is there again with the first touch, out of the page cache as a rule, and the rest the kernel can use for others
 * before it looks for anything in use. Read-only data is left alone: some of it was written by the loader.
 */
export function dropCodePages(): void {
  const c = libc();
  if (c === null) return;
  for (const { from, to } of programText(Deno.readTextFileSync("/proc/self/maps"), Deno.execPath())) {
    c.madvise(from, to - from, MADV_DONTNEED);
  }
}

/** [pure] Of the lines of /proc/PID/maps (proc_pid_maps(5)), where the file can be executed and not written. */
export function programText(maps: string, file: string): { from: bigint; to: bigint }[] {
  return maps.split("\n").flatMap((line) => {
    const [, from, to, path] = /^([0-9a-f]+)-([0-9a-f]+) r-xp \S+ \S+ \S+\s+(.+)$/.exec(line) ?? [];
    return path === file ? [{ from: BigInt(`0x${from}`), to: BigInt(`0x${to}`) }] : [];
  });
}
