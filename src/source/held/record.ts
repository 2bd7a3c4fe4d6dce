/**
 * How a revision lies on the disk: `harbornode.json` says what it is and what it holds, `content` has all of its files
 * one after the other. Whoever reads it needs no library, and no more memory than the file that is asked for.
 */
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
  entries: HeldEntry[];
}

/** With its place in `content`; a submodule has none, and its size is 0. */
export type HeldEntry = TreeEntry & { offset: number; size: number };

export const RECORD = "harbornode.json";
export const CONTENT = "content";

/** Null for anything but a record of this version. */
export async function readRecord(dir: string): Promise<RevisionRecord | null> {
  try {
    const value = JSON.parse(await Deno.readTextFile(`${dir}/${RECORD}`));
    const isWhole = value?.version === 1 && Array.isArray(value.entries) &&
      ["id", "url", "ref", "path", "commit"].every((key) => typeof value[key] === "string");
    return isWhole ? value : null;
  } catch {
    return null;
  }
}

/** As a whole, or not at all. */
export async function writeRecord(dir: string, record: RevisionRecord): Promise<void> {
  const file = `${dir}/${RECORD}`;
  await Deno.writeTextFile(`${file}.new`, `${JSON.stringify(record)}\n`);
  await Deno.rename(`${file}.new`, file);
}
