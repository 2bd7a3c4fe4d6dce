/**
 * What is known of a log file beside its bytes, so that the next daemon knows it too: appended to as it becomes known,
 * in the run folder, which is memory where the daemon is root. Losing it costs precision alone.
 */
import fs from "node:fs";
import { dirname } from "node:path";
import type { TimeMark } from "./time_index.ts";

export interface LogIndex {
  /** The file's inode; null while there is none. */
  inode: number | null;
  /** How many bytes were ever cut off its front. */
  base: number;
  /** Positions at which a line is known to begin though nothing before it is kept. */
  beginnings: number[];
  marks: TimeMark[];
}

export type IndexEntry =
  | { type: "inode"; inode: number | null }
  | { type: "base"; base: number }
  | { type: "begin"; position: number }
  | ({ type: "mark" } & TimeMark);

/** A file that is not there, or lines of it that are torn, are as if nothing had been known. */
export function readIndex(path: string): LogIndex | null {
  let text: string;
  try {
    text = fs.readFileSync(path, "utf8");
  } catch {
    return null;
  }
  const index: LogIndex = { inode: null, base: 0, beginnings: [], marks: [] };
  for (const line of text.split("\n").slice(0, -1)) {
    const [type, ...words] = line.split(" ");
    const [first, second] = words.map(Number);
    if (first === undefined || !Number.isFinite(first)) continue;
    if (type === "inode") index.inode = first === 0 ? null : first;
    if (type === "base") index.base = first;
    if (type === "begin") index.beginnings.push(first);
    if (type === "mark" && Number.isFinite(second)) index.marks.push({ position: first, time: second! });
  }
  return index;
}

/** Tens of microseconds on a file system in memory, at most once a second and file. A failure is harmless. */
export function appendIndex(path: string, entries: readonly IndexEntry[]): void {
  try {
    fs.appendFileSync(path, entries.map(line).join(""), { mode: 0o600 });
  } catch {
    // Not known to the next daemon, then.
  }
}

export function writeIndex(path: string, { inode, base, beginnings, marks }: LogIndex): void {
  const entries: IndexEntry[] = [
    { type: "inode", inode },
    { type: "base", base },
    ...beginnings.map((position) => ({ type: "begin" as const, position })),
    ...marks.map((mark) => ({ type: "mark" as const, ...mark })),
  ];
  try {
    fs.mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    fs.writeFileSync(`${path}.new`, entries.map(line).join(""), { mode: 0o600 });
    fs.renameSync(`${path}.new`, path);
  } catch {
    // As above.
  }
}

function line(entry: IndexEntry): string {
  switch (entry.type) {
    case "inode":
      return `inode ${entry.inode ?? 0}\n`;
    case "base":
      return `base ${entry.base}\n`;
    case "begin":
      return `begin ${entry.position}\n`;
    case "mark":
      return `mark ${entry.position} ${Math.round(entry.time)}\n`;
  }
}
