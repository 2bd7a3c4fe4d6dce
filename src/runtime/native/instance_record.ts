/**
 * What is written down of an instance before it starts: `RUN/WORKLOAD/SLOT/ID/record.json`. Beside it the shim writes
 * who it is (`shim`) and what becomes of the service (`notes`), and reads `grant`. A record of an earlier boot says
 * nothing any more.
 */
import { join } from "node:path";
import { readStartText } from "../../os/bounded_read.ts";
import type { Instance } from "../../model/instance.ts";
import type { LogBound, SignalName } from "../../model/workload.ts";
import type { StartSnapshot } from "./executable_drift.ts";
import { parseStat, type ProcessHandle } from "../../os/pidfd.ts";

export interface InstanceRecord {
  version: 1;
  id: string;
  workload: string;
  slot: number;
  fingerprint: string;
  bootId: string;
  startedAt: number;
  ports: string[];
  cgroup: string | null;
  /** Bounds of its log, until somebody says others. Not in records of earlier versions. */
  logs?: LogBound;
  /** How its processes are asked to end when the main process has ended by itself. Not in records of earlier versions. */
  stop?: { signal: SignalName; timeoutMs: number };
  /** Whether its shim can be allowed to start the program again: it has to clean up in between. */
  canRespawn?: boolean;
  /** Files of the workload that its command line names. Not in records of earlier versions. */
  files?: StartSnapshot[];
  /** What of its spec could not be had. */
  warnings?: Instance["warnings"];
}

/** A line of /proc/PID/stat has a few hundred. */
const MOST_STAT_BYTES = 4096;

export interface FoundRecord {
  record: InstanceRecord;
  directory: string;
}

export function instanceDirectory(
  runDir: string,
  { workload, slot, id }: Pick<InstanceRecord, "workload" | "slot" | "id">,
) {
  return join(runDir, workload, String(slot), id);
}

/** Whole or not at all. It need not survive a power cut: the next boot would not believe it. */
export async function writeRecord(directory: string, record: InstanceRecord): Promise<void> {
  await Deno.mkdir(directory, { recursive: true, mode: 0o700 });
  const path = join(directory, "record.json");
  await Deno.writeTextFile(`${path}.tmp`, JSON.stringify(record), { mode: 0o600 });
  await Deno.rename(`${path}.tmp`, path);
}

/**
 * Everything below the run folder that can be read; what cannot is removed: it never got as far as a process. So are the
 * empty folders that a daemon leaves behind when it is killed between two steps of a removal.
 */
export async function readRecords(runDir: string): Promise<FoundRecord[]> {
  return await eachFolder(runDir, (workload) => inEachFolder(workload, (slot) => inEachFolder(slot, readInstance)));
}

async function readInstance(directory: string): Promise<FoundRecord[]> {
  const record = await readRecord(directory);
  if (record !== null) return [{ record, directory }];
  await Deno.remove(directory, { recursive: true }).catch(() => {});
  return [];
}

/** What was found in the folders of this one, looked into all at once; with nothing in it, it is removed. */
async function inEachFolder<T>(parent: string, look: (directory: string) => Promise<T[]>): Promise<T[]> {
  const found = await eachFolder(parent, look);
  if (found.length === 0) await removeEmpty(parent);
  return found;
}

async function eachFolder<T>(parent: string, look: (directory: string) => Promise<T[]>): Promise<T[]> {
  return (await Promise.all((await names(parent)).map((name) => look(join(parent, name))))).flat();
}

/** Who the shim is; null while it has not said so. */
export async function readShim(directory: string): Promise<ProcessHandle | null> {
  const text = await readStartText(join(directory, "shim"), MOST_STAT_BYTES);
  if (!text.endsWith("\n")) return null;
  const stat = parseStat(text);
  return stat === null ? null : { pid: stat.pid, startTime: stat.startTime };
}

/**
 * What the shim reads when the program has ended: how many restarts there may be in all, and the exit codes that none
 * follows. The last line counts.
 */
export async function writeRestartLease(
  directory: string,
  { restarts, finalCodes }: { restarts: number; finalCodes: readonly number[] },
): Promise<void> {
  await Deno.writeTextFile(join(directory, "grant"), `${[restarts, ...finalCodes].join(" ")}\n`, {
    append: true,
    create: false,
  });
}

async function removeEmpty(directory: string): Promise<void> {
  // rmdir(2) removes nothing else.
  await Deno.remove(directory).catch(() => {});
}

async function readRecord(directory: string): Promise<InstanceRecord | null> {
  try {
    const record = JSON.parse(await Deno.readTextFile(join(directory, "record.json"))) as InstanceRecord;
    return record.version === 1 && typeof record.id === "string" && directory.endsWith(record.id) ? record : null;
  } catch {
    return null;
  }
}

async function names(directory: string): Promise<string[]> {
  try {
    return (await Array.fromAsync(Deno.readDir(directory))).filter((entry) => entry.isDirectory).map((entry) =>
      entry.name
    );
  } catch {
    return [];
  }
}
