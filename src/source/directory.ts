/** A plain folder with the shape of a revision: what is checked before it is committed. */
import { createHash } from "node:crypto";
import { join } from "node:path";
import { Failure } from "../failure.ts";
import { isPointer } from "./lfs.ts";
import { MAX_ENTRIES } from "./limits.ts";
import type { Revision, TreeEntry } from "./source.ts";

export interface Directory {
  /** Sorted by path. */
  entries: TreeEntry[];
  read: Revision["read"];
}

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
      entries.push({ path, type: "submodule", executable: false, oid: "0".repeat(40) });
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
  const entry: TreeEntry = { path, type, executable: false, oid: "" };
  const { mode } = await Deno.lstat(join(dir, path));
  // As git does: what its owner may execute.
  if (type === "file") entry.executable = ((mode ?? 0) & 0o100) !== 0;
  const bytes = await content(dir, entry);
  entry.oid = blobId(bytes);
  if (type === "file" && isPointer(bytes)) entry.type = "pointer";
  return entry;
}

async function content(dir: string, entry: TreeEntry): Promise<Uint8Array> {
  const path = join(dir, entry.path);
  return entry.type === "symlink" ? new TextEncoder().encode(await Deno.readLink(path)) : await Deno.readFile(path);
}

function blobId(bytes: Uint8Array): string {
  return createHash("sha1").update(`blob ${bytes.length}\0`).update(bytes).digest("hex");
}

async function isRepository(dir: string): Promise<boolean> {
  return await Deno.lstat(join(dir, ".git")).then(() => true, () => false);
}
