/**
 * How a revision lies on the disk: `harbornode.json` says what it is and what it holds, `content` has all of its files
 * one after the other. Whoever reads it needs no library, and no more memory than the file that is asked for.
 */
import { MAX_RECORD_BYTES } from "../fetch_limits.ts";
import type { TreeEntry } from "../source.ts";

export interface RevisionRecord {
  version: 1;
  id: string;
  /** Clean. */
  url: string;
  /** As `refText` writes it. */
  ref: string;
  /** Of the repository; only what lies below is here. */
  path: string;
  /** Base64 of the commit as git stores it. */
  commit: string;
  entries: CachedEntry[];
}

/** With its place in `content`; a submodule has none, and its size is 0. */
export type CachedEntry = TreeEntry & { offset: number };

export const RECORD = "harbornode.json";
export const CONTENT = "content";

/** Returns null for anything but a whole record of this version. Reads no file that is over the limit of records. */
export async function readRecord(dir: string): Promise<RevisionRecord | null> {
  const path = `${dir}/${RECORD}`;
  try {
    if ((await Deno.stat(path)).size > MAX_RECORD_BYTES) return null;
    const value = JSON.parse(await Deno.readTextFile(path));
    const isWhole = value?.version === 1 && Array.isArray(value.entries) && value.entries.every(isEntry) &&
      ["id", "url", "ref", "path", "commit"].every((key) => typeof value[key] === "string");
    return isWhole ? value : null;
  } catch {
    return null;
  }
}

function isEntry(value: Partial<CachedEntry> | null): boolean {
  return typeof value?.path === "string" && typeof value.oid === "string" && isCount(value.size) &&
    isCount(value.offset);
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

export function recordText(record: RevisionRecord): string {
  return `${JSON.stringify(record)}\n`;
}

/** Writes the record as a whole or not at all; `FetchedDirectory.recover` removes what a kill left of it. */
export async function writeRecord(dir: string, record: RevisionRecord): Promise<void> {
  const file = `${dir}/${RECORD}`;
  try {
    await Deno.writeTextFile(`${file}.new`, recordText(record));
    await Deno.rename(`${file}.new`, file);
  } catch (error) {
    await Deno.remove(`${file}.new`).catch(() => {});
    throw error;
  }
}
