/** A log of one slot in a throw-away folder, programs that write to it, and all that is kept of it as one text. */
import { join } from "node:path";
import { eventually } from "../../../support/eventually.ts";
import { rotate } from "../../../../src/runtime/native/log/rotate.ts";
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

/** `memory`: on a tmpfs, which cannot cut files, where the machine has one for everybody. */
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

/** A shell that appends "line 0", "line 1", ... with one write(2) each, as fast as it can: some 300 000 a second. */
export async function write(path: string, { lines }: { lines: number }): Promise<void> {
  const script = `i=0; while [ $i -lt ${lines} ]; do echo "line $i"; i=$((i+1)); done >>'${path}'`;
  await new Deno.Command("/bin/sh", { args: ["-c", script], stdin: "null" }).output();
}

/**
 * The same until it is told to end. With a pause of `idle` rounds of an empty loop between two lines: with 40 about
 * 20 000 a second.
 */
export function endlessWriter(path: string, { idle = 0 } = {}): { end(): Promise<number> } {
  const pause = idle === 0 ? "" : `j=0; while [ $j -lt ${idle} ]; do j=$((j+1)); done;`;
  const script =
    `go=1; trap 'go=' TERM; i=0; while [ "$go" ]; do echo "line $i"; i=$((i+1)); ${pause} done >>'${path}'; echo $i`;
  const child = new Deno.Command("/bin/sh", { args: ["-c", script], stdin: "null", stdout: "piped" }).spawn();
  return {
    /** Returns how many lines it has written. */
    async end() {
      child.kill("SIGTERM");
      return Number(new TextDecoder().decode((await child.output()).stdout));
    },
  };
}

/** Looks at a log that is written to until it was cut so often. */
export async function cutTimes(
  log: SlotLog,
  times: number,
  { bound, method }: { bound: LogBound; method: "best" | "copy" },
): Promise<void> {
  const { signal } = new AbortController();
  let cuts = 0;
  await eventually(`it was cut ${times} times`, async () => {
    const { generation } = log;
    await rotate(log, bound, { method, signal });
    if (log.generation !== generation) cuts++;
    return cuts === times;
  }, { everyMs: 1 });
}

/** Archives, oldest first, and the file. */
export async function pieces(path: string): Promise<string[]> {
  const found = [await Deno.readTextFile(path)];
  for (let number = 1;; number++) {
    const archive = await Deno.open(`${path}.${number}.gz`).catch(() => null);
    if (archive === null) return found;
    found.unshift(await new Response(archive.readable.pipeThrough(new DecompressionStream("gzip"))).text());
  }
}

/** All that is kept as one text: what a person puts together with zcat and cat. */
export async function everything(path: string): Promise<string> {
  return (await pieces(path)).join("");
}

export function numbered(from: number, to: number): string[] {
  return Array.from({ length: to - from }, (_, index) => `line ${from + index}`);
}

/** The first place at which the lines are not line 0, 1, 2 and so on; null when there is none. */
export function firstWrong(lines: readonly string[], from = 0): string | null {
  const index = lines.findIndex((line, at) => line !== `line ${from + at}`);
  return index < 0 ? null : `"${lines[index]}" in the place of "line ${from + index}"`;
}
