/** A log of one slot in a throw-away folder, programs that write to it, and all that is kept of it as one text. */
import { join } from "node:path";
import { keepWithin } from "../../../../src/runtime/native/log/bound.ts";
import { SlotLog } from "../../../../src/runtime/native/log/slot_log.ts";
import type { LogBound } from "../../../../src/model/workload.ts";
import { tempDir } from "../../../support/temp.ts";

const MEMORY = "/dev/shm";

export interface LogFolder extends AsyncDisposable {
  root: string;
  /** Of slot 0 of the workload "web". */
  path: string;
  index: string;
  log: SlotLog;
  /** As the next daemon finds it. */
  reopen(): SlotLog;
}

/** `memory`: on a tmpfs, which can not cut files, where the machine has one for everybody. */
export async function logFolder({ memory = false } = {}): Promise<LogFolder> {
  const dir = await tempDir(memory && await Deno.stat(MEMORY).catch(() => null) ? { dir: MEMORY } : {});
  const path = join(dir.path, "logs/web/0.log");
  const index = join(dir.path, "run/web/0.log.index");
  await Deno.mkdir(join(dir.path, "logs/web"), { recursive: true });
  await Deno.writeTextFile(path, "");
  const reopen = () => new SlotLog(path, index);
  return {
    root: dir.path,
    path,
    index,
    log: reopen(),
    reopen,
    [Symbol.asyncDispose]: () => dir[Symbol.asyncDispose](),
  };
}

/**
 * A shell that appends "line 0", "line 1", ... with one write(2) each, as fast as it can (some 300 000 a second), or
 * with a pause of `idle` rounds of an empty loop between two: with 40 about 20 000 a second.
 */
export function writer(
  path: string,
  { lines, idle = 0 }: { lines: number; idle?: number },
): Promise<void> & { over: boolean } {
  const pause = idle === 0 ? "" : `j=0; while [ $j -lt ${idle} ]; do j=$((j+1)); done;`;
  const script = `i=0; while [ $i -lt ${lines} ]; do echo "line $i"; i=$((i+1)); ${pause} done >>'${path}'`;
  const child = new Deno.Command("/bin/sh", { args: ["-c", script], stdin: "null" }).spawn();
  const done = child.status.then(() => {
    done.over = true;
  }) as Promise<void> & { over: boolean };
  done.over = false;
  return done;
}

/** Cuts again and again until the writer has ended. Returns how many cuts it were. */
export async function cutWhile(
  writing: { over: boolean },
  log: SlotLog,
  { bound, method }: { bound: LogBound; method: "best" | "copy" },
): Promise<number> {
  const { signal } = new AbortController();
  let cuts = 0;
  while (!writing.over) {
    const { generation } = log;
    await keepWithin(log, bound, { method, signal });
    if (log.generation !== generation) cuts++;
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  return cuts;
}

/** Archives, oldest first, and the file: what a person puts together with zcat and cat. */
export async function everything(path: string): Promise<string> {
  const parts = [await Deno.readTextFile(path)];
  for (let number = 1;; number++) {
    const archive = await Deno.open(`${path}.${number}.gz`).catch(() => null);
    if (archive === null) return parts.join("");
    parts.unshift(await new Response(archive.readable.pipeThrough(new DecompressionStream("gzip"))).text());
  }
}

export function numbered(from: number, to: number): string[] {
  return Array.from({ length: to - from }, (_, index) => `line ${from + index}`);
}

/** The first place at which the lines are not line 0, 1, 2 and so on; null when there is none. */
export function firstWrong(lines: readonly string[], from = 0): string | null {
  const index = lines.findIndex((line, at) => line !== `line ${from + at}`);
  return index < 0 ? null : `"${lines[index]}" in the place of "line ${from + index}"`;
}
