/**
 * Where the log of a slot lies: in data_dir, or aside, in the runtime directory, for an instance that was started while
 * the disk of data_dir took no lines. A slot has a log aside only as long as its last instance writes to it; what is in
 * it is appended to the usual one before the next start that finds the disk writable.
 */
import { statfs } from "node:fs/promises";
import { dirname, join } from "node:path";
import { diskFault } from "../../../failure.ts";
import type { LogBound } from "../../../model/workload.ts";
import { archivePath, content, findArchives } from "./log_archive.ts";

export interface LogDirectoriesOptions {
  /** `WORKLOAD/SLOT.log` and its archives. */
  logDir: string;
  /** The same, in memory as a rule; null for none. */
  asideDir: string | null;
  /** What is known of each log: on a file system in memory, where there is one. */
  indexDir: string;
}

export interface LogDirectory {
  path: string;
  /** What is known of it beside its bytes. */
  index: string;
}

/** Less room would be used up by a few lines. */
const ENOUGH_BYTES = 64 * 1024;

/** The runtime directory is small, and everybody's. */
const ASIDE_BOUND: LogBound = { maxBytes: 1024 * 1024, maxFiles: 1 };

export class LogDirectories {
  readonly #options: LogDirectoriesOptions;
  /** "WORKLOAD/SLOT" of those that have a log aside. */
  readonly #aside: Set<string>;

  constructor(options: LogDirectoriesOptions) {
    this.#options = options;
    this.#aside = new Set(options.asideDir === null ? [] : logsBelow(options.asideDir));
  }

  /** What the last instance writes to. */
  live(workload: string, slot: number): LogDirectory {
    return this.all(workload, slot).at(-1)!;
  }

  /** Oldest lines first. */
  all(workload: string, slot: number): LogDirectory[] {
    const { logDir, asideDir, indexDir } = this.#options;
    const usual = { path: file(logDir, workload, slot), index: join(indexDir, workload, `${slot}.log.index`) };
    if (asideDir === null || !this.#aside.has(`${workload}/${slot}`)) return [usual];
    return [usual, { path: file(asideDir, workload, slot), index: join(indexDir, workload, `${slot}.aside.index`) }];
  }

  /** The bound of the log that the last instance writes to. */
  bound(workload: string, slot: number, wanted: LogBound): LogBound {
    if (!this.#aside.has(`${workload}/${slot}`)) return wanted;
    return {
      maxBytes: Math.min(wanted.maxBytes, ASIDE_BOUND.maxBytes),
      maxFiles: Math.min(wanted.maxFiles, ASIDE_BOUND.maxFiles),
    };
  }

  /** The file for the output of an instance that is about to start, in a folder that exists afterwards. */
  async choose(workload: string, slot: number): Promise<string> {
    const { logDir, asideDir } = this.#options;
    const usual = file(logDir, workload, slot);
    const key = `${workload}/${slot}`;
    const takesLines = await canGrow(usual);
    if (takesLines && await this.#bringBack(workload, slot)) return usual;
    if (asideDir === null) return usual;
    const aside = file(asideDir, workload, slot);
    // Where memory is full as well, the usual one may take a line or two.
    if (!this.#aside.has(key) && !await canGrow(aside)) return usual;
    this.#aside.add(key);
    return aside;
  }

  /** Slots that have a log. */
  async slots(workload: string): Promise<number[]> {
    const { logDir, asideDir } = this.#options;
    const folders = [logDir, ...asideDir === null ? [] : [asideDir]].map((dir) => join(dir, workload));
    const names = await Promise.all(
      folders.map((directory) => Array.fromAsync(Deno.readDir(directory), ({ name }) => name).catch(() => [])),
    );
    const slots = names.flat().flatMap((name) => /^\d+\.log$/.test(name) ? [Number.parseInt(name)] : []);
    return [...new Set(slots)].sort((a, b) => a - b);
  }

  /** False when the usual log does not take what is aside. */
  async #bringBack(workload: string, slot: number): Promise<boolean> {
    const key = `${workload}/${slot}`;
    if (!this.#aside.has(key)) return true;
    const [usual, aside] = this.all(workload, slot);
    try {
      await appendLog(aside!.path, usual!.path);
    } catch (error) {
      if (diskFault(error) !== null) return false;
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
    this.#aside.delete(key);
    await Deno.remove(aside!.index).catch(() => {});
    return true;
  }
}

function file(dir: string, workload: string, slot: number): string {
  return join(dir, workload, `${slot}.log`);
}

/** Whether lines can be appended to this file, in a folder that is made for it. Throws what is no fault of a disk. */
async function canGrow(path: string): Promise<boolean> {
  try {
    await Deno.mkdir(dirname(path), { recursive: true, mode: 0o750 });
    (await Deno.open(path, { append: true, create: true, mode: 0o640 })).close();
    const { bavail, bsize } = await statfs(dirname(path));
    return bavail * bsize >= ENOUGH_BYTES;
  } catch (error) {
    if (diskFault(error) === null) throw error;
    return false;
  }
}

/** Appends a log with its archives to another one, and removes it: all of it, or nothing. Throws when nothing. */
async function appendLog(from: string, to: string): Promise<void> {
  using target = await Deno.open(to, { append: true });
  const { size } = await target.stat();
  const archives = findArchives(from, 0).map(({ compressed }, index) => {
    return { path: archivePath(from, index + 1, { compressed }), compressed };
  });
  try {
    for (const { path, compressed } of [...archives.toReversed(), { path: from, compressed: false }]) {
      for await (const piece of content(await Deno.open(path), { compressed, skip: 0 })) {
        for (let at = 0; at < piece.length;) at += await target.write(piece.subarray(at));
      }
    }
  } catch (error) {
    await target.truncate(size).catch(() => {});
    throw error;
  }
  for (const { path } of archives) await Deno.remove(path);
  await Deno.remove(from);
}

/** "WORKLOAD/SLOT" of each log in a folder; none where it cannot be read. */
function logsBelow(dir: string): string[] {
  const names = (directory: string) => {
    try {
      return [...Deno.readDirSync(directory)].map(({ name }) => name);
    } catch {
      return [];
    }
  };
  return names(dir).flatMap((workload) =>
    names(join(dir, workload)).flatMap((name) =>
      /^\d+\.log$/.test(name) ? [`${workload}/${Number.parseInt(name)}`] : []
    )
  );
}
