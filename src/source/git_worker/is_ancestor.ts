/** What a commit came after. Only commits are asked for where a server can leave out the rest, in steps of more. */
import { parseCommit } from "../parse_commit.ts";
import { damaged } from "../git_failure.ts";
import { type Child, connectTo, receivePack, spaceFor, wantedId } from "./fetch_revision.ts";
import { readCommit, type Store } from "./git_tree.ts";
import type { Offer } from "./receive_pack.ts";
import type { WorkerRequest } from "./worker_request.ts";

type DescendsRequest = Extract<WorkerRequest, { op: "descends" }>;

/** A push brings a few commits, a busy week some hundreds; null is all of the history. */
const DEPTHS = [50, 500, null];

/** A history that is longer is walked no further: Linux has a million commits, and no fleet. */
const MAX_COMMITS = 200_000;

/** False when the history ends without `ancestor`. */
export async function isAncestor(request: DescendsRequest, child: Child): Promise<boolean> {
  const { origin, tip, ancestor, dir } = request;
  if (origin.type === "local") {
    return await walk({ gitdir: origin.gitdir, url: origin.url, cache: {} }, { tip, ancestor, shallow: [] });
  }
  const connect = connectTo(request)!;
  for (const depth of DEPTHS) {
    const gitdir = `${dir}/${depth ?? "all"}`;
    const store: Store = { gitdir, url: origin.access.url, cache: {} };
    const space = spaceFor(request, store);
    const choose = (offer: Offer) => {
      return { ids: [wantedId(offer, tip)], depth, filter: offer.canFilter ? "tree:0" : null };
    };
    const shallow = await receivePack(connect, { store, name: "history", choose, child, space });
    if (await walk(store, { tip, ancestor, shallow })) return true;
    if (shallow.length === 0) return false;
    await Deno.remove(gitdir, { recursive: true });
  }
  return false;
}

interface Walk {
  tip: string;
  ancestor: string;
  /** Commits whose parents are not here. */
  shallow: readonly string[];
}

async function walk(store: Store, { tip, ancestor, shallow }: Walk): Promise<boolean> {
  const seen = new Set<string>([tip]);
  const ends = new Set(shallow);
  // A Set goes on with what is added to it meanwhile.
  for (const id of seen) {
    if (id === ancestor) return true;
    if (ends.has(id)) continue;
    if (seen.size > MAX_COMMITS) throw damaged(store.url, `its history has more than ${MAX_COMMITS} commits`);
    const { raw } = await readCommit(store, id);
    for (const parent of parseCommit(raw).parents) seen.add(parent);
  }
  return false;
}
