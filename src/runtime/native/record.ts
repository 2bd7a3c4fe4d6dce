/**
 * What is written down of an instance before it starts: `RUN/WORKLOAD/SLOT/ID/record.json`. Beside it the shim writes
 * `shim` and `stat` (who they are), `respawns` and `exit` (how it ended, and went on or not), and reads `grant`. A record of an earlier boot says nothing any more.
 */
import { join } from "node:path";
import type { Instance } from "../../model/observed.ts";
import type { LogBound } from "../../model/workload.ts";
import { writeAtomic } from "../../store/atomic_file.ts";
import { parseStat, type ProcessIdentity } from "./process/identity.ts";

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
  /** What of its spec could not be had. */
  warnings?: Instance["warnings"];
}

export interface FoundRecord {
  record: InstanceRecord;
  folder: string;
}

export function instanceFolder(
  runDir: string,
  { workload, slot, id }: Pick<InstanceRecord, "workload" | "slot" | "id">,
) {
  return join(runDir, workload, String(slot), id);
}

export async function writeRecord(folder: string, record: InstanceRecord): Promise<void> {
  await Deno.mkdir(folder, { recursive: true, mode: 0o700 });
  await writeAtomic(join(folder, "record.json"), JSON.stringify(record));
}

/**
 * Everything below the run folder that can be read; what can't is removed: it never got as far as a process. So are the
 * empty folders that a daemon leaves behind when it is killed between two steps of a removal.
 */
export async function readRecords(runDir: string): Promise<FoundRecord[]> {
  const found: FoundRecord[] = [];
  for (const workload of await names(runDir)) {
    for (const slot of await names(join(runDir, workload))) {
      for (const id of await names(join(runDir, workload, slot))) {
        const folder = join(runDir, workload, slot, id);
        const record = await readRecord(folder);
        if (record === null) await Deno.remove(folder, { recursive: true });
        else found.push({ record, folder });
      }
      await removeEmpty(join(runDir, workload, slot));
    }
    await removeEmpty(join(runDir, workload));
  }
  return found;
}

/** Who the service (`stat`) or its shim (`shim`) is; null while it has not said so. */
export async function readIdentity(folder: string, name: "stat" | "shim"): Promise<ProcessIdentity | null> {
  const text = await Deno.readTextFile(join(folder, name)).catch(() => "");
  if (!text.endsWith("\n")) return null;
  const stat = parseStat(text);
  return stat === null ? null : { pid: stat.pid, startTime: stat.startTime };
}

/** Exit status and when it was written; null while there is none. A line without its end is a write under way. */
export async function readExit(folder: string): Promise<{ code: number; at: number } | null> {
  const path = join(folder, "exit");
  const text = await Deno.readTextFile(path).catch(() => "");
  if (!/^\d+\n$/.test(text)) return null;
  const info = await Deno.stat(path);
  return { code: Number(text), at: info.mtime?.getTime() ?? 0 };
}

/** Ends that the shim followed by a start itself: exit status, and seconds since the machine's boot. Whole lines alone. */
export async function readRespawns(folder: string): Promise<{ code: number; uptime: number }[]> {
  const text = await Deno.readTextFile(join(folder, "respawns")).catch(() => "");
  return text.split("\n").slice(0, -1).map((line) => {
    const [code, uptime] = line.split(" ").map(Number) as [number, number];
    return { code, uptime };
  });
}

/** What the shim reads when the program has ended: null lets it end. */
export async function writeGrant(folder: string, finalCodes: readonly number[] | null): Promise<void> {
  const text = finalCodes === null ? "" : `${["again", ...finalCodes].join(" ")}\n`;
  await Deno.writeTextFile(join(folder, "grant"), text, { mode: 0o600 });
}

async function removeEmpty(folder: string): Promise<void> {
  // rmdir(2) removes nothing else.
  await Deno.remove(folder).catch(() => {});
}

async function readRecord(folder: string): Promise<InstanceRecord | null> {
  try {
    const record = JSON.parse(await Deno.readTextFile(join(folder, "record.json"))) as InstanceRecord;
    return record.version === 1 && typeof record.id === "string" && folder.endsWith(record.id) ? record : null;
  } catch {
    return null;
  }
}

async function names(folder: string): Promise<string[]> {
  try {
    return (await Array.fromAsync(Deno.readDir(folder))).filter((entry) => entry.isDirectory).map((entry) =>
      entry.name
    );
  } catch {
    return [];
  }
}
