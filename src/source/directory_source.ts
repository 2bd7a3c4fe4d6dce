/** A plain folder with the shape of a revision: what is checked before it is committed. */
import { createHash } from "node:crypto";
import { join } from "node:path";
import { Failure } from "../failure.ts";
import { tooLargeToRead } from "./cache/cached_revision.ts";
import { isPointer } from "./lfs_pointer.ts";
import { MAX_ENTRIES, MAX_READ_BYTES } from "./fetch_limits.ts";
import type { Revision, TreeEntry } from "./source.ts";

export interface Directory {
  /** Sorted by path. */
  entries: TreeEntry[];
  read: Revision["read"];
}

/** A file is hashed in pieces of this: a checkout may hold files that no device would take. */
const CHUNK_BYTES = 256 * 1024;

/**
 * Everything below `dir` but `.git`, with the blob ids that git would give. A folder that is a repository itself is
 * listed as a submodule without an id. Ignore files and filters (LFS, line ends) are not heeded; links are not followed.
 */
export async function readDirectory(dir: string): Promise<Directory> {
  const entries: TreeEntry[] = [];
  await list(dir, { prefix: "", entries });
  entries.sort((a, b) => (a.path < b.path ? -1 : 1));
  return { entries, read: (entry) => content(dir, entry) };
}

async function list(dir: string, { prefix, entries }: { prefix: string; entries: TreeEntry[] }): Promise<void> {
  for await (const found of Deno.readDir(join(dir, prefix))) {
    if (found.name === ".git") continue;
    const path = prefix + found.name;
    if (found.isDirectory && await isRepository(join(dir, path))) {
      entries.push({ path, type: "submodule", executable: false, oid: "0".repeat(40), size: 0 });
    } else if (found.isDirectory) {
      await list(dir, { prefix: `${path}/`, entries });
    } else if (found.isFile || found.isSymlink) {
      entries.push(await describe(dir, path, found.isSymlink ? "symlink" : "file"));
    }
    if (entries.length > MAX_ENTRIES) {
      throw new Failure(`The folder "${dir}" has more than ${MAX_ENTRIES} files`, {
        kind: "mistake",
        reason: "repo_invalid",
        hint: "name the folder that holds the manifests",
      });
    }
  }
}

async function describe(dir: string, path: string, type: "file" | "symlink"): Promise<TreeEntry> {
  const { mode } = await Deno.lstat(join(dir, path));
  // As git does: what its owner may execute.
  const executable = type === "file" && ((mode ?? 0) & 0o100) !== 0;
  if (type === "symlink") {
    const target = await linkTarget(join(dir, path));
    return { path, type, executable, oid: blobHash(target.length).update(target).digest("hex"), size: target.length };
  }
  const { oid, size, begin } = await hashed(join(dir, path));
  return { path, type: isPointer(begin) ? "pointer" : type, executable, oid, size };
}

async function hashed(path: string): Promise<{ oid: string; size: number; begin: Uint8Array }> {
  using file = await Deno.open(path);
  const { size } = await file.stat();
  const hash = blobHash(size);
  const buffer = new Uint8Array(CHUNK_BYTES);
  let begin: Uint8Array | null = null;
  for (let count; (count = await file.read(buffer)) !== null;) {
    hash.update(buffer.subarray(0, count));
    begin ??= buffer.slice(0, count);
  }
  return { oid: hash.digest("hex"), size, begin: begin ?? new Uint8Array() };
}

async function content(dir: string, { path, type }: TreeEntry): Promise<Uint8Array> {
  if (type === "symlink") return await linkTarget(join(dir, path));
  const { size } = await Deno.stat(join(dir, path));
  if (size > MAX_READ_BYTES) throw tooLargeToRead(path, size);
  return await Deno.readFile(join(dir, path));
}

async function linkTarget(path: string): Promise<Uint8Array> {
  return new TextEncoder().encode(await Deno.readLink(path));
}

/** git's id of a blob is the hash of this and its content. */
function blobHash(size: number) {
  return createHash("sha1").update(`blob ${size}\0`);
}

async function isRepository(dir: string): Promise<boolean> {
  return await Deno.lstat(join(dir, ".git")).then(() => true, () => false);
}
