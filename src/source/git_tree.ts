/** A revision as it lies in an object store: no checkout, no working tree, nothing is ever followed. */
import fs from "node:fs";
import git from "isomorphic-git";
import { Failure } from "../failure.ts";
import { oneLine } from "../model/printable.ts";
import { MAX_CONTENT_BYTES, MAX_ENTRIES } from "./limits.ts";
import type { Revision, TreeEntry } from "./source.ts";

export interface Store {
  gitdir: string;
  /** For messages, clean. */
  url: string;
}

/** Lists what lies below `path` in a commit. Throws a `Failure` when the path is not a folder there. */
export async function openRevision(store: Store, { id, path }: { id: string; path: string }): Promise<Revision> {
  const { gitdir } = store;
  const cache = {};
  const { commit } = await git.readCommit({ fs, gitdir, oid: id, cache });
  const { object } = await git.readObject({ fs, gitdir, oid: id, format: "content", cache });
  const root = await descend(store, { id, path, tree: commit.tree, cache });
  const listing: Listing = { store, cache, entries: [], folders: 0 };
  await list(listing, { tree: root, prefix: "" });
  listing.entries.sort((a, b) => (a.path < b.path ? -1 : 1));
  return {
    id,
    // Whoever can commit chooses these words, and they end up in terminals.
    subject: oneLine(commit.message.split("\n", 1)[0]!),
    author: oneLine(commit.author.name),
    committedAt: commit.committer.timestamp * 1000,
    commit: object as Uint8Array,
    entries: listing.entries,
    read: reader(gitdir),
  };
}

/** Reads every file and symlink of the revision once, so that nothing can be missing later. */
export async function verify(store: Store, revision: Revision, signal: AbortSignal): Promise<void> {
  let bytes = 0;
  for (const entry of revision.entries) {
    signal.throwIfAborted();
    if (entry.type === "submodule") continue;
    bytes += (await revision.read(entry)).length;
    if (bytes > MAX_CONTENT_BYTES) {
      throw tooMuch(store, `more than ${MAX_CONTENT_BYTES / 1024 / 1024} MiB of files`);
    }
  }
}

/**
 * The library's cache holds whole packs. It is kept weakly: shared by reads that follow each other, and free to go as
 * soon as memory is needed, however long the revision itself is kept.
 */
function reader(gitdir: string): Revision["read"] {
  let weak = new WeakRef<object>({});
  return async (entry) => {
    let cache = weak.deref();
    if (cache === undefined) weak = new WeakRef(cache = {});
    const { blob } = await git.readBlob({ fs, gitdir, oid: entry.oid, cache });
    return blob;
  };
}

async function descend(
  store: Store,
  { id, path, tree, cache }: { id: string; path: string; tree: string; cache: object },
): Promise<string> {
  let oid = tree;
  for (const name of path.split("/").filter((part) => part !== "" && part !== ".")) {
    const entries = await readTree({ store, cache }, oid);
    const found = entries.find((entry) => entry.path === name && entry.type === "tree");
    if (found === undefined) {
      throw new Failure(`The repository "${store.url}" has no folder "${path}" in revision ${id.slice(0, 7)}`, {
        kind: "mistake",
        reason: "path_not_found",
        hint: "push that folder, or name another as [repo] path",
      });
    }
    oid = found.oid;
  }
  return oid;
}

interface Listing {
  store: Store;
  cache: object;
  entries: TreeEntry[];
  folders: number;
}

async function list(listing: Listing, { tree, prefix }: { tree: string; prefix: string }): Promise<void> {
  const { store } = listing;
  // Folders count too: a few trees that name each other many times unfold to millions without one file.
  if (++listing.folders > MAX_ENTRIES) throw tooMuch(store, `more than ${MAX_ENTRIES} folders`);
  for (const entry of await readTree(listing, tree)) {
    if (entry.path === "") throw forbiddenName(store, entry.path);
    const path = prefix + entry.path;
    if (entry.type === "tree") await list(listing, { tree: entry.oid, prefix: `${path}/` });
    else listing.entries.push({ path, oid: entry.oid, ...kind(entry.mode) });
    if (listing.entries.length > MAX_ENTRIES) throw tooMuch(store, `more than ${MAX_ENTRIES} files`);
  }
}

/** The library refuses names that lead out of a folder or into `.git`; git's own tools never make them. */
async function readTree({ store, cache }: Pick<Listing, "store" | "cache">, oid: string) {
  try {
    return (await git.readTree({ fs, gitdir: store.gitdir, oid, cache })).tree;
  } catch (error) {
    if (error instanceof git.Errors.UnsafeFilepathError) throw forbiddenName(store, error.data.filepath);
    throw error;
  }
}

function kind(mode: string): Pick<TreeEntry, "type" | "executable"> {
  if (mode === "120000") return { type: "symlink", executable: false };
  if (mode === "160000") return { type: "submodule", executable: false };
  return { type: "file", executable: mode === "100755" };
}

function forbiddenName({ url }: Store, name: string): Failure {
  return unusable(`The repository "${url}" has a file with the forbidden name ${JSON.stringify(name)}`);
}

function tooMuch({ url }: Store, what: string): Failure {
  return unusable(`The repository "${url}" has ${what} below [repo] path`);
}

function unusable(message: string): Failure {
  return new Failure(message, {
    kind: "mistake",
    reason: "repo_invalid",
    hint: "remove it from the branch, or point [repo] path at a folder of its own for this device",
  });
}
