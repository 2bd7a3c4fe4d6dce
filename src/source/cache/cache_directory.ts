/**
 * Where a revision lies: one folder that is always a whole one. The next is made beside it as `<dir>.new` and swapped
 * in when it was checked; between the two renames of a swap the last one is `<dir>.old`.
 */
import { statfs } from "node:fs/promises";
import { dirname } from "node:path";
import { readRecord, RECORD, type RevisionRecord, writeRecord } from "./revision_record.ts";
import { exists } from "../../os/exists.ts";

/** Of a file system. */
export interface FreeSpace {
  bytes: number;
  files: number;
}

export class CacheDirectory {
  constructor(readonly path: string) {}

  /** Puts an interrupted swap right and removes what half-made tries left behind. */
  async recover(): Promise<void> {
    const old = `${this.path}.old`;
    if (!await exists(this.path) && await exists(old)) await Deno.rename(old, this.path);
    // On a read-only disk they stay, and mean nothing.
    for (const left of [old, this.next, this.scratch, `${this.path}/${RECORD}.new`]) {
      await removeAll(left).catch(() => {});
    }
  }

  /** Null when there is nothing, or nothing that can be made sense of. */
  holding(): Promise<RevisionRecord | null> {
    return readRecord(this.path);
  }

  /** An empty folder beside the current one; what lay there is gone. */
  async prepareNext(): Promise<string> {
    return await emptied(this.next);
  }

  /** An empty folder for what is thrown away again; the caller does so with `discardScratch`. */
  async prepareScratch(): Promise<string> {
    return await emptied(this.scratch);
  }

  /** Makes the folder of `prepareNext` the current one. The caller has checked that it is whole. */
  async swap(): Promise<void> {
    const old = `${this.path}.old`;
    await removeAll(old);
    if (await exists(this.path)) await Deno.rename(this.path, old);
    await Deno.rename(this.next, this.path);
    await removeAll(old);
  }

  /** The same files, known by another URL or ref. */
  async relabel(record: RevisionRecord): Promise<void> {
    await writeRecord(this.path, record);
  }

  async discardNext(): Promise<void> {
    await removeAll(this.next);
  }

  async discardScratch(): Promise<void> {
    await removeAll(this.scratch);
  }

  /** Null where nobody tells. */
  async freeSpace(): Promise<FreeSpace | null> {
    const found = await statfs(dirname(this.path)).catch(() => null);
    return found === null ? null : { bytes: found.bavail * found.bsize, files: found.ffree };
  }

  get next(): string {
    return `${this.path}.new`;
  }

  get scratch(): string {
    return `${this.path}.history`;
  }
}

/** Removes the revision in `path`, and all that a fetch uses beside it. Never throws. */
export async function removeFetched(path: string): Promise<void> {
  for (const end of ["", ".new", ".old", ".history"]) await removeAll(`${path}${end}`).catch(() => {});
}

async function emptied(path: string): Promise<string> {
  await removeAll(path);
  await Deno.mkdir(path, { recursive: true });
  return path;
}

async function removeAll(path: string): Promise<void> {
  await Deno.remove(path, { recursive: true }).catch((error) => {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  });
}
