/** A revision from its repository into an empty folder: received, indexed, walked whole, written out. */
import fs from "node:fs";
import git from "isomorphic-git";
import { diskFault, Failure } from "../../failure.ts";
import { commitMissing, unpackedTooLarge } from "../git_failure.ts";
import { MAX_CHILD_MEMORY_BYTES } from "../fetch_limits.ts";
import { refText } from "../../model/git_ref.ts";
import { ServerError } from "../remote/pkt_line_reader.ts";
import { remoteHead } from "../remote/remote_head.ts";
import { connector } from "../remote/connect.ts";
import { ReceiveBudget } from "../remote/receive_budget.ts";
import type { Connect } from "../remote/transport.ts";
import { systemClock } from "../../clock.ts";
import { SpaceCheck } from "../../os/disk_reserve.ts";
import { writeRevision } from "./write_revision.ts";
import { type ListedEntry, listTree, readCommit, type Store } from "./git_tree.ts";
import { type Offer, receivePackfile } from "./receive_pack.ts";
import type { WorkerRemote, WorkerRequest } from "./worker_request.ts";

type LocalOrigin = Extract<WorkerRemote, { type: "local" }>;
type FetchRequest = Extract<WorkerRequest, { op: "fetch" }>;

export interface Child {
  progress: (message: string) => void;
  signal: AbortSignal;
  /** What is known so far: told with a failure. */
  learned: (id: string) => void;
}

/** Returns the commit id. Objects are gone afterwards: `request.dir` holds the revision's record and content. */
export async function fetchRevision(request: FetchRequest, child: Child): Promise<string> {
  const { origin, ref, path, dir } = request;
  const objects = `${dir}/objects`;
  const store: Store = origin.type === "local"
    ? { gitdir: origin.gitdir, url: origin.url, cache: {} }
    : { gitdir: dir, url: origin.access.url, cache: {} };
  // One way for all conversations: the budget is of the fetch as a whole.
  const connect = connectTo(request);
  const space = spaceFor(request, store);
  const brought = connect === null
    ? { id: (origin as LocalOrigin).id, isWhole: true }
    : await bring(connect, request, { store, child, space });
  const { id, raw } = await readCommit(store, brought.id);
  child.learned(id);
  const entries = await listTree(store, { id, raw, path });
  if (connect !== null && !brought.isWhole) await bringFiles(connect, { store, entries, child, space });
  const record = { id, ref: refText(ref), path, commit: raw };
  await writeRevision(store, dir, { record, entries, progress: child.progress, space });
  if (origin.type === "remote") await Deno.remove(objects, { recursive: true });
  return id;
}

/**
 * The commit of the ref with its folders, and with its files unless only some of them are wanted and the server can
 * leave out the others.
 */
async function bring(
  connect: Connect,
  { ref, path }: FetchRequest,
  { store, child, space }: { store: Store; child: Child; space: SpaceCheck },
): Promise<{ id: string; isWhole: boolean }> {
  const { url } = store;
  const id = await remoteHead(connect, { url, ref, signal: child.signal });
  let isWhole = true;
  const choose = (offer: Offer) => {
    isWhole = path === "" || !offer.canFilter || !offer.canGiveAny;
    return { ids: [wantedId(offer, id)], depth: 1, filter: isWhole ? null : "blob:none" };
  };
  try {
    await receivePack(connect, { store, name: "first", choose, child, space });
  } catch (error) {
    if (error instanceof ServerError && ref.type === "commit") throw commitMissing(url, id, error.message);
    throw error;
  }
  return { id, isWhole };
}

/** What the walk found missing, and nothing else. */
async function bringFiles(
  connect: Connect,
  { store, entries, child, space }: {
    store: Store;
    entries: readonly ListedEntry[];
    child: Child;
    space: SpaceCheck;
  },
): Promise<void> {
  const ids = [...new Set(entries.filter((entry) => entry.type !== "submodule").map((entry) => entry.oid))];
  if (ids.length === 0) return;
  const choose = () => ({ ids, depth: null, filter: null });
  await receivePack(connect, { store, name: "files", choose, child, space });
}

/** A server of version 0 gives what it named: for the commit that a tag leads to, the tag. */
export function wantedId({ greeting }: Offer, id: string): string {
  return greeting.version === 0 ? greeting.refs.tagOf?.get(id) ?? id : id;
}

/** Null where no way is needed: the repository is on this device. */
export function connectTo(
  { origin, silenceMs, budgetBytes: bytes }: Extract<WorkerRequest, { budgetBytes: number }>,
): Connect | null {
  if (origin.type === "local") return null;
  return connector(origin.access, { silenceMs, budget: new ReceiveBudget(bytes), clock: systemClock });
}

/** One check for all that the request writes: packs, and content. */
export function spaceFor({ dir, reserveBytes }: { dir: string; reserveBytes: number }, { url }: Store): SpaceCheck {
  return new SpaceCheck({ directory: dir, reserveBytes, name: `The repository "${url}"` });
}

export interface PackWanted {
  store: Store;
  /** One word, of the pack's file. */
  name: string;
  choose: Parameters<typeof receivePackfile>[0]["choose"];
  child: Child;
  space: SpaceCheck;
}

/** Into the store, readable; returns the commits whose parents were left out. */
export async function receivePack(
  connect: Connect,
  { store, name, choose, child, space }: PackWanted,
): Promise<string[]> {
  const { gitdir, url } = store;
  const { progress, signal } = child;
  const filepath = `objects/pack/pack-${name}.pack`;
  await Deno.mkdir(`${gitdir}/objects/pack`, { recursive: true });
  const { shallow } = await receivePackfile({
    url,
    connect,
    signal,
    file: `${gitdir}/${filepath}`,
    progress,
    choose,
    space,
  });
  const onProgress = indexed(progress);
  try {
    await git.indexPack({ fs, dir: gitdir, gitdir, filepath, cache: store.cache, onProgress });
  } catch (error) {
    if (error instanceof Failure || diskFault(error) !== null) throw error;
    if (isOutOfMemory(error)) throw unpackedTooLarge(url, MAX_CHILD_MEMORY_BYTES);
    throw new Failure(`What "${url}" sent cannot be used: ${error instanceof Error ? error.message : error}`, {
      kind: "transient",
      reason: "repo_invalid",
    });
  }
  return shallow;
}

/** What cannot be had in one piece: https://tc39.es/ecma262/#sec-createbytedatablock throws a `RangeError`. */
function isOutOfMemory(error: unknown): boolean {
  return error instanceof RangeError || (error instanceof Error && /allocation failed/i.test(error.message));
}

function indexed(progress: Child["progress"]): (event: { phase: string; loaded: number; total: number }) => void {
  return ({ phase, loaded, total }) => {
    const what = phase.toLowerCase().includes("delta") ? "resolving differences" : "indexing objects";
    if (total > 0) progress(`${what} ${Math.floor(loaded / total * 100)} %`);
  };
}
