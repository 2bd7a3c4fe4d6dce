/** A commit's tree as it lies in an object store: no checkout, no working tree, nothing is ever followed. */
import { createHash } from "node:crypto";
import fs from "node:fs";
import git from "isomorphic-git";
import { Failure } from "../../failure.ts";
import { quoted } from "../../model/escape.ts";
import { parseCommit } from "../parse_commit.ts";
import { PathLimits } from "../exceeded_limits.ts";
import { commitMissing, damaged, overLimits } from "../git_failure.ts";
import { MAX_COMMIT_BYTES, MAX_ENTRIES } from "../fetch_limits.ts";
import type { TreeEntry } from "../source.ts";
import { shortId } from "../../model/git_ref.ts";
import { formatMegabytes } from "../../model/size.ts";

export interface Store {
  gitdir: string;
  /** For messages, clean. */
  url: string;
  /** The library keeps what it has read in here: whole packs among it. */
  cache: object;
}

/** The commit that an id leads to through any number of tags, as git stores it. */
export async function readCommit(store: Store, id: string): Promise<{ id: string; raw: Uint8Array }> {
  const { object: raw, type } = await readObject(store, id);
  if (type === "commit" && raw.length > MAX_COMMIT_BYTES) {
    const max = MAX_COMMIT_BYTES / 1024 / 1024;
    throw new Failure(
      `Commit ${shortId(id)} of "${store.url}" has ${formatMegabytes(raw.length)}, and ${max} MiB is the limit`,
      {
        kind: "mistake",
        reason: "repo_invalid",
        hint: "push a commit with a shorter message",
      },
    );
  }
  if (type === "commit") return { id, raw };
  const target = type === "tag" ? /^object ([0-9a-f]{40})$/m.exec(new TextDecoder().decode(raw))?.[1] : undefined;
  if (target !== undefined) return await readCommit(store, target);
  throw new Failure(`What [repo] ref names in "${store.url}" is no commit but a ${type}`, {
    kind: "mistake",
    reason: "ref_not_found",
    hint: "name a branch, a tag of a commit, or the id of a commit as [repo] ref",
  });
}

/** Of packs the library believes that what their index names is what they hold: so a signed commit would lead elsewhere. */
async function readObject({ gitdir, url, cache }: Store, id: string) {
  const read = await git.readObject({ fs, gitdir, oid: id, format: "content", cache }).catch((error) => {
    throw error instanceof git.Errors.NotFoundError ? commitMissing(url, id) : error;
  });
  const { type, object } = read as { type: string; object: Uint8Array };
  const found = createHash("sha1").update(`${type} ${object.length}\0`).update(object).digest("hex");
  if (found !== id) throw damaged(url, `the ${type} ${shortId(id)} is not what its id says`);
  return { type, object };
}

/** A name in a tree, whose content was not looked at. */
export type ListedEntry = Omit<TreeEntry, "size">;

/**
 * Lists what lies below `path` in a commit, sorted. Throws a `Failure` when the path is not a folder there, and one that
 * names every limit that the tree exceeds.
 */
export async function listTree(
  store: Store,
  { id, raw, path }: { id: string; raw: Uint8Array; path: string },
): Promise<ListedEntry[]> {
  const root = await descend(store, { id, path, tree: parseCommit(raw).tree });
  const listing: Listing = { store, entries: [], folders: 0, limits: new PathLimits() };
  await list(listing, { tree: root, prefix: "" });
  const excess = listing.limits.phrases();
  if (excess.length > 0) throw overLimits(store.url, excess);
  return listing.entries.sort((a, b) => (a.path < b.path ? -1 : 1));
}

async function descend(store: Store, { id, path, tree }: { id: string; path: string; tree: string }): Promise<string> {
  let oid = tree;
  for (const name of path.split("/").filter((part) => part !== "" && part !== ".")) {
    const entries = await readTree(store, oid);
    const found = entries.find((entry) => entry.path === name && entry.type === "tree");
    if (found === undefined) {
      throw new Failure(`The repository "${store.url}" has no folder "${path}" in revision ${shortId(id)}`, {
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
  entries: ListedEntry[];
  folders: number;
  limits: PathLimits;
}

async function list(listing: Listing, { tree, prefix }: { tree: string; prefix: string }): Promise<void> {
  const { store } = listing;
  // Folders count too: a few trees that name each other many times unfold to millions without one file.
  if (++listing.folders > MAX_ENTRIES) throw tooMany(listing, "folders");
  for (const entry of await readTree(store, tree)) {
    if (entry.path === "") throw forbiddenName(store, entry.path);
    const path = prefix + entry.path;
    // A folder is walked only where a file in it could be within the limits: a chain of folders has no end.
    if (entry.type === "tree") {
      if (listing.limits.accepts(`${path}/`)) await list(listing, { tree: entry.oid, prefix: `${path}/` });
    } else if (listing.limits.accepts(path)) {
      listing.entries.push({ path, oid: entry.oid, ...kind(entry.mode) });
    }
    if (listing.entries.length > MAX_ENTRIES) throw tooMany(listing, "files");
  }
}

/** The library refuses names that lead out of a folder or into `.git`; git's own tools never make them. */
async function readTree(store: Store, oid: string) {
  const { gitdir, cache } = store;
  await readObject(store, oid);
  try {
    return (await git.readTree({ fs, gitdir, oid, cache })).tree;
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
  return new Failure(`The repository "${url}" has a file with the forbidden name ${quoted(name)}`, {
    kind: "mistake",
    reason: "repo_invalid",
    hint: "remove it from the branch, or point [repo] path at a folder of its own for this device",
  });
}

/** Ends the walk: what was found until then is said as well. */
function tooMany({ store, limits }: Listing, what: "files" | "folders"): Failure {
  return overLimits(store.url, [...limits.phrases(), `more than ${MAX_ENTRIES} ${what}`]);
}
