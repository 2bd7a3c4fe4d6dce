/** Writes a revision out of an object store, in the form that the daemon reads without any library. */
import { createHash } from "node:crypto";
import fs from "node:fs";
import git from "isomorphic-git";
import type { SpaceCheck } from "../../os/disk_reserve.ts";
import { ContentSum } from "../exceeded_limits.ts";
import { damaged, overLimits } from "../git_failure.ts";
import { type CachedEntry, CONTENT, recordText, writeRecord } from "../cache/revision_record.ts";
import { isPointer } from "../lfs_pointer.ts";
import type { ListedEntry, Store } from "./git_tree.ts";

export interface WrittenRevision {
  /** As the record has it, and as the entries are listed. */
  record: { id: string; ref: string; path: string; commit: Uint8Array };
  entries: readonly ListedEntry[];
  progress: (message: string) => void;
  /** Asked before each write. */
  space: SpaceCheck;
}

/**
 * Reads every file and symlink once, so that nothing can be missing later. Files of one content have one place. Throws a
 * `Failure` before it writes a content that takes the revision over its limit, counted by path, or over the free space.
 */
export async function writeRevision(store: Store, dir: string, exported: WrittenRevision): Promise<void> {
  const { record: { id, ref, path, commit }, entries, progress, space } = exported;
  progress("checking what was received");
  using file = await Deno.open(`${dir}/${CONTENT}`, { write: true, create: true, truncate: true });
  const places = new Map<string, { offset: number; size: number; isPointer: boolean }>();
  const held: CachedEntry[] = [];
  const paths = new Map<string, number>();
  for (const { oid } of entries) paths.set(oid, (paths.get(oid) ?? 0) + 1);
  const sum = new ContentSum();
  let end = 0;
  for (const entry of entries) {
    if (entry.type === "submodule") {
      held.push({ ...entry, offset: 0, size: 0 });
      continue;
    }
    let place = places.get(entry.oid);
    if (place === undefined) {
      const blob = await readBlob(store, entry);
      const { length: size } = blob;
      if (!sum.add({ path: entry.path, size }, paths.get(entry.oid))) throw overLimits(store.url, [sum.phrase()]);
      await space.before(size);
      end += size;
      place = { offset: end - size, size, isPointer: isPointer(blob) };
      for (let at = 0; at < blob.length;) at += await file.write(blob.subarray(at));
      places.set(entry.oid, place);
    }
    const { offset, size } = place;
    const type = entry.type === "file" && place.isPointer ? "pointer" : entry.type;
    held.push({ ...entry, type, offset, size });
  }
  const text = Array.from(commit, (byte) => String.fromCharCode(byte)).join("");
  const whole = { version: 1, id, url: store.url, ref, path, commit: btoa(text), entries: held } as const;
  await space.before(recordText(whole).length);
  await writeRecord(dir, whole);
}

async function readBlob({ gitdir, url, cache }: Store, { oid, path }: ListedEntry): Promise<Uint8Array> {
  const { blob } = await git.readBlob({ fs, gitdir, oid, cache });
  // Of packs the library believes that what their index names is what they hold.
  const hash = createHash("sha1").update(`blob ${blob.length}\0`).update(blob).digest("hex");
  if (hash !== oid) throw damaged(url, `"${path}" is not what its id says`);
  return blob;
}
