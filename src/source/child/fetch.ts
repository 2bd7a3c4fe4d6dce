/** A revision from its repository into an empty folder: received, indexed, walked whole, written out. */
import { commitMissing } from "../git_failure.ts";
import type { TreeEntry } from "../source.ts";
import { refText } from "../../model/repository/ref.ts";
import { ServerError } from "../remote/packets.ts";
import { remoteHead } from "../remote/remote_head.ts";
import { type Access, connector } from "../remote/connect.ts";
import type { Connect } from "../remote/transport.ts";
import { systemClock } from "../../clock.ts";
import { exportRevision } from "./export.ts";
import { listTree, readCommit } from "./git_tree.ts";
import { LocalObjects, type ObjectStore, ReceivedObjects } from "./object_store.ts";
import { Pack } from "./pack.ts";
import { type Offer, receive } from "./receive.ts";
import type { GitRequest } from "./request.ts";

type FetchRequest = Extract<GitRequest, { op: "fetch" }>;

export interface Child {
  progress: (message: string) => void;
  signal: AbortSignal;
  /** What is known so far: told with a failure. */
  learned: (id: string) => void;
}

/** Returns the commit id. Objects are gone afterwards: `request.dir` holds the revision's record and content. */
export async function fetchRevision(request: FetchRequest, child: Child): Promise<string> {
  const { origin } = request;
  if (origin.type === "local") {
    const store = new LocalObjects(origin.gitdir, origin.url);
    return await write(request, await look(request, { store, id: origin.id, child }), child);
  }
  // One way for all conversations: the budget is of the fetch as a whole.
  const connect = connected(origin.access, request);
  const store = new ReceivedObjects(origin.access.url);
  const { id, isWhole } = await bring(connect, request, { store, child });
  const found = await look(request, { store, id, child });
  if (!isWhole) await bringFiles(connect, request, { store, entries: found.entries, child });
  return await write(request, found, child);
}

interface Found {
  store: ObjectStore;
  id: string;
  commit: Uint8Array;
  entries: readonly TreeEntry[];
}

async function look(
  { path }: FetchRequest,
  { store, id: named, child }: { store: ObjectStore; id: string; child: Child },
): Promise<Found> {
  const { id, raw } = await readCommit(store, named);
  child.learned(id);
  return { store, id, commit: raw, entries: await listTree(store, { id, raw, path }) };
}

async function write({ ref, path, dir }: FetchRequest, { store, id, commit, entries }: Found, child: Child) {
  const record = { id, ref: refText(ref), path, commit };
  await exportRevision(store, dir, { record, entries, progress: child.progress });
  return id;
}

/**
 * The commit of the ref with its folders, and with its files unless only some of them are wanted and the server can
 * leave out the others.
 */
async function bring(
  connect: Connect,
  { ref, path, dir }: FetchRequest,
  { store, child }: { store: ReceivedObjects; child: Child },
): Promise<{ id: string; isWhole: boolean }> {
  const { url } = store;
  const id = await remoteHead(connect, { url, ref, signal: child.signal });
  let isWhole = true;
  const choose = (offer: Offer) => {
    isWhole = path === "" || !offer.canFilter || !offer.canGiveAny;
    return { ids: [askable(offer, id)], depth: 1, filter: isWhole ? null : "blob:none", haves: [] };
  };
  try {
    await receivePack(connect, { store, file: `${dir}/first.pack`, choose, child });
  } catch (error) {
    if (error instanceof ServerError && ref.type === "commit") throw commitMissing(url, id, error.message);
    throw error;
  }
  return { id, isWhole };
}

/** What the walk found missing, and nothing else. */
async function bringFiles(
  connect: Connect,
  { dir }: FetchRequest,
  { store, entries, child }: { store: ReceivedObjects; entries: readonly TreeEntry[]; child: Child },
): Promise<void> {
  const ids = [...new Set(entries.filter((one) => one.type !== "submodule").map((one) => one.oid))];
  if (ids.length === 0) return;
  const choose = () => ({ ids, depth: null, filter: null, haves: [] });
  await receivePack(connect, { store, file: `${dir}/files.pack`, choose, child });
}

/** A server of version 0 gives what it named: for the commit that a tag leads to, the tag. */
export function askable({ greeting }: Offer, id: string): string {
  return greeting.version === 0 ? greeting.refs.tagOf?.get(id) ?? id : id;
}

export function connected(
  access: Access,
  { silenceMs, budgetBytes: bytes }: { silenceMs: number; budgetBytes: number },
): Connect {
  return connector(access, { silenceMs, budget: { bytes, received: 0 }, clock: systemClock });
}

export interface PackWanted {
  store: ReceivedObjects;
  /** Where it lies until it has been looked through. */
  file: string;
  choose: Parameters<typeof receive>[0]["choose"];
  child: Child;
}

/** Into the store; returns the commits whose parents were left out. */
export async function receivePack(connect: Connect, { store, file, choose, child }: PackWanted): Promise<string[]> {
  const { progress, signal } = child;
  const { shallow } = await receive({ url: store.url, connect, signal, file, progress, choose });
  store.add(await Pack.open(file, store.url, progress));
  await Deno.remove(file);
  return shallow;
}
