/** Writes a revision out of an object store, in the form that the daemon reads without any library. */
import { createHash } from "node:crypto";
import fs from "node:fs";
import git from "isomorphic-git";
import { damaged } from "../git_failure.ts";
import { CONTENT, type HeldEntry, writeRecord } from "../held/record.ts";
import { isPointer } from "../lfs.ts";
import { MAX_CONTENT_BYTES } from "../limits.ts";
import type { TreeEntry } from "../source.ts";
import { type Store, tooMuch } from "./git_tree.ts";

export interface Exported {
  /** As the record has it, and as the entries are listed. */
  record: { id: string; ref: string; path: string; commit: Uint8Array };
  entries: readonly TreeEntry[];
  progress: (message: string) => void;
}

/** Reads every file and symlink once, so that nothing can be missing later. Files of one content have one place. */
export async function exportRevision(store: Store, dir: string, exported: Exported): Promise<void> {
  const { record: { id, ref, path, commit }, entries, progress } = exported;
  progress("checking what was received");
  using file = await Deno.open(`${dir}/${CONTENT}`, { write: true, create: true, truncate: true });
  const places = new Map<string, { offset: number; size: number; isPointer: boolean }>();
  const held: HeldEntry[] = [];
  let end = 0;
  for (const entry of entries) {
    if (entry.type === "submodule") {
      held.push({ ...entry, offset: 0, size: 0 });
      continue;
    }
    let place = places.get(entry.oid);
    if (place === undefined) {
      const blob = await readBlob(store, entry);
      end += blob.length;
      if (end > MAX_CONTENT_BYTES) throw tooMuch(store, `more than ${MAX_CONTENT_BYTES / 1024 / 1024} MiB of files`);
      place = { offset: end - blob.length, size: blob.length, isPointer: isPointer(blob) };
      for (let at = 0; at < blob.length;) at += await file.write(blob.subarray(at));
      places.set(entry.oid, place);
    }
    const { offset, size } = place;
    const type = entry.type === "file" && place.isPointer ? "pointer" : entry.type;
    held.push({ ...entry, type, offset, size });
  }
  const text = Array.from(commit, (byte) => String.fromCharCode(byte)).join("");
  await writeRecord(dir, { version: 1, id, url: store.url, ref, path, commit: btoa(text), entries: held });
}

async function readBlob({ gitdir, url, cache }: Store, { oid, path }: TreeEntry): Promise<Uint8Array> {
  const { blob } = await git.readBlob({ fs, gitdir, oid, cache });
  // Of packs the library believes that what their index names is what they hold.
  const hash = createHash("sha1").update(`blob ${blob.length}\0`).update(blob).digest("hex");
  if (hash !== oid) throw damaged(url, `"${path}" is not what its id says`);
  return blob;
}
