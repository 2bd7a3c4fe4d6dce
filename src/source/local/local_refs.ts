/** What a ref of a repository on this device is at, read without any library: it is looked at all the time. */
import { join } from "node:path";
import { refMissing, repositoryEmpty } from "../git_failure.ts";
import { fullNames, type Ref } from "../../model/git_ref.ts";
import { looseObject } from "./loose_object.ts";

export interface LocalRef {
  /** Of a commit, or of something that may lead to one. */
  id: string;
  isCommit: boolean;
}

/** Throws a `Failure` when the ref is not there. */
export async function localRef(gitdir: string, { url, ref }: { url: string; ref: Ref }): Promise<LocalRef> {
  if (ref.type === "commit") return { id: ref.name, isCommit: true };
  const packed = await packedRefs(gitdir);
  for (const name of fullNames(ref)) {
    const found = await resolve(gitdir, { name, packed });
    if (found !== null) return found;
  }
  if (
    ![...packed.keys()].some((name) => name.startsWith("refs/heads/")) && !await hasFile(join(gitdir, "refs/heads"))
  ) {
    throw repositoryEmpty(url);
  }
  const head = await Deno.readTextFile(join(gitdir, "HEAD")).catch(() => "");
  const defaultBranch = /^ref: refs\/heads\/(.+)/.exec(head)?.[1];
  const isThere = defaultBranch !== undefined &&
    await resolve(gitdir, { name: `refs/heads/${defaultBranch}`, packed }) !== null;
  throw refMissing(url, ref, isThere ? defaultBranch : null);
}

type Packed = Map<string, LocalRef>;

/** Null when there is none. A ref that names another one is followed, as often as git does. */
async function resolve(
  gitdir: string,
  { name, packed, hops = 0 }: { name: string; packed: Packed; hops?: number },
): Promise<LocalRef | null> {
  if (hops > 5 || name.split("/").includes("..")) return null;
  const text = await Deno.readTextFile(join(gitdir, name)).catch(() => null);
  if (text === null) return packed.get(name) ?? null;
  const other = /^ref: (refs\/\S+)/.exec(text)?.[1];
  if (other !== undefined) return await resolve(gitdir, { name: other, packed, hops: hops + 1 });
  const id = /^[0-9a-f]{40}/.exec(text)?.[0];
  if (id === undefined) return null;
  return name.startsWith("refs/heads/") ? { id, isCommit: true } : await peeled(gitdir, id);
}

async function peeled(gitdir: string, id: string): Promise<LocalRef> {
  const object = await looseObject(gitdir, id);
  const target = object?.type === "tag" ? /^object ([0-9a-f]{40})$/m.exec(object.text)?.[1] : undefined;
  return target === undefined ? { id, isCommit: object?.type === "commit" } : await peeled(gitdir, target);
}

/** https://git-scm.com/docs/git-pack-refs: a line that begins with "^" is what the tag before it leads to. */
async function packedRefs(gitdir: string): Promise<Packed> {
  const packed: Packed = new Map();
  const text = await Deno.readTextFile(join(gitdir, "packed-refs")).catch(() => "");
  const isPeeled = /^# pack-refs with:.* fully-peeled/.test(text);
  let last = "";
  for (const line of text.split("\n")) {
    const [, id, name] = /^([0-9a-f]{40}) (\S+)/.exec(line) ?? [];
    const target = /^\^([0-9a-f]{40})/.exec(line)?.[1];
    if (target !== undefined) packed.set(last, { id: target, isCommit: true });
    if (id === undefined || name === undefined) continue;
    packed.set(last = name, { id, isCommit: isPeeled || name.startsWith("refs/heads/") });
  }
  return packed;
}

async function hasFile(dir: string): Promise<boolean> {
  for await (const entry of Deno.readDir(dir)) {
    if (entry.isFile || (entry.isDirectory && await hasFile(join(dir, entry.name)))) return true;
  }
  return false;
}
