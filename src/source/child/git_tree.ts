/** A commit's tree as it lies in an object store: no checkout, no working tree, nothing is ever followed. */
import { Failure } from "../../failure.ts";
import { parseCommit } from "../held/commit.ts";
import { commitMissing } from "../git_failure.ts";
import { MAX_ENTRIES } from "../limits.ts";
import type { TreeEntry } from "../source.ts";
import type { ObjectStore } from "./object_store.ts";
import { isForbidden, parseTree, type TreeName } from "./tree.ts";

/** The commit that an id leads to through any number of tags, as git stores it. */
export async function readCommit(store: ObjectStore, id: string): Promise<{ id: string; raw: Uint8Array }> {
  const object = await store.read(id);
  if (object === null) throw commitMissing(store.url, id);
  const { type, data: raw } = object;
  if (type === "commit") return { id, raw };
  const target = type === "tag" ? /^object ([0-9a-f]{40})$/m.exec(new TextDecoder().decode(raw))?.[1] : undefined;
  if (target !== undefined) return await readCommit(store, target);
  throw new Failure(`What [repo] ref names in "${store.url}" is no commit but a ${type}`, {
    kind: "mistake",
    reason: "ref_not_found",
    hint: "name a branch, a tag of a commit, or the id of a commit as [repo] ref",
  });
}

/** Lists what lies below `path` in a commit, sorted. Throws a `Failure` when the path is not a folder there. */
export async function listTree(
  store: ObjectStore,
  { id, raw, path }: { id: string; raw: Uint8Array; path: string },
): Promise<TreeEntry[]> {
  const root = await descend(store, { id, path, tree: parseCommit(raw).tree });
  const listing: Listing = { store, entries: [], folders: 0 };
  await list(listing, { tree: root, prefix: "" });
  return listing.entries.sort((a, b) => (a.path < b.path ? -1 : 1));
}

async function descend(
  store: ObjectStore,
  { id, path, tree }: { id: string; path: string; tree: string },
): Promise<string> {
  let folder = tree;
  for (const name of path.split("/").filter((part) => part !== "" && part !== ".")) {
    const found = (await readTree(store, folder)).find((one) => one.name === name && isFolder(one));
    if (found === undefined) {
      throw new Failure(`The repository "${store.url}" has no folder "${path}" in revision ${id.slice(0, 7)}`, {
        kind: "mistake",
        reason: "path_not_found",
        hint: "push that folder, or name another as [repo] path",
      });
    }
    folder = found.id;
  }
  return folder;
}

interface Listing {
  store: ObjectStore;
  entries: TreeEntry[];
  folders: number;
}

async function list(listing: Listing, { tree, prefix }: { tree: string; prefix: string }): Promise<void> {
  const { store } = listing;
  // Folders count too: a few trees that name each other many times unfold to millions without one file.
  if (++listing.folders > MAX_ENTRIES) throw tooMuch(store, `more than ${MAX_ENTRIES} folders`);
  for (const entry of await readTree(store, tree)) {
    if (isForbidden(entry.name)) throw forbiddenName(store, entry.name);
    const path = prefix + entry.name;
    if (isFolder(entry)) await list(listing, { tree: entry.id, prefix: `${path}/` });
    else listing.entries.push({ path, oid: entry.id, ...kind(entry.mode) });
    if (listing.entries.length > MAX_ENTRIES) throw tooMuch(store, `more than ${MAX_ENTRIES} files`);
  }
}

async function readTree(store: ObjectStore, id: string): Promise<TreeName[]> {
  const object = await store.read(id);
  if (object?.type !== "tree") throw store.missing(`folder ${id.slice(0, 7)}`);
  return parseTree(object.data);
}

function isFolder({ mode }: TreeName): boolean {
  return mode === "40000" || mode === "040000";
}

function kind(mode: string): Pick<TreeEntry, "type" | "executable"> {
  if (mode === "120000") return { type: "symlink", executable: false };
  if (mode === "160000") return { type: "submodule", executable: false };
  return { type: "file", executable: mode === "100755" };
}

function forbiddenName({ url }: ObjectStore, name: string): Failure {
  return unusable(`The repository "${url}" has a file with the forbidden name ${JSON.stringify(name)}`);
}

export function tooMuch({ url }: ObjectStore, what: string): Failure {
  return unusable(`The repository "${url}" has ${what} below [repo] path`);
}

function unusable(message: string): Failure {
  return new Failure(message, {
    kind: "mistake",
    reason: "repo_invalid",
    hint: "remove it from the branch, or point [repo] path at a folder of its own for this device",
  });
}
