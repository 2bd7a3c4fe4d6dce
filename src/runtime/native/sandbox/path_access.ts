/** Whether a user gets as far as a file, by the mode bits on the way: a bare exit code 126 would not say what is wrong. */
import { basename, dirname, join } from "node:path";
import { Failure } from "../../../failure.ts";
import type { RunAs } from "./run_as.ts";
import { singleflight } from "../../../async/singleflight.ts";

const EXECUTE = 0o1;

/**
 * Throws `Failure` naming the first folder that the user may not pass on the way to `path`, or `path` itself when it
 * may not be executed (a program) or entered (a folder). Where links are on the way, both ways are looked at. Access
 * lists are not read: who uses those can set the bit too.
 */
export async function checkPathAccess(path: string, identity: RunAs | null): Promise<void> {
  if (identity === null || identity.uid === 0) return;
  // What is asked about may just have been made, or given to somebody else; the folders above it are everybody's.
  const last = await Deno.lstat(path).catch(() => null);
  const isLink = last?.isSymlink === true;
  const real = isLink ? await realOf(path) : join(await realFolder(dirname(path)), basename(path));
  for (const one of new Set([...way(path), ...way(real)])) {
    const isLast = one === path || one === real;
    const info = isLast ? (isLink ? await statOf(one) : last) : await folderAbove(one);
    if (info === null || mayExecute(info, identity)) continue;
    const what = info.isDirectory ? "pass the folder" : "execute";
    throw new Failure(`user ${identity.name} cannot ${what} "${one}"`, {
      kind: "refused",
      reason: "permission_denied",
      hint: `chmod o+x ${one}`,
    });
  }
}

async function statOf(path: string): Promise<Deno.FileInfo | null> {
  return await Deno.stat(path).catch(() => null);
}

async function realOf(path: string): Promise<string> {
  return await Deno.realPath(path).catch(() => path);
}

const folderAbove = singleflight(statOf);
const realFolder = singleflight(realOf);

/** From "/" to the path itself. */
function way(path: string): string[] {
  const parent = dirname(path);
  return parent === path ? [path] : [...way(parent), path];
}

function mayExecute(info: Deno.FileInfo, { uid, gid, groups }: RunAs): boolean {
  const mode = info.mode ?? 0;
  if (info.uid === uid) return (mode >> 6 & EXECUTE) !== 0;
  if (info.gid === gid || (info.gid !== null && groups.includes(info.gid))) return (mode >> 3 & EXECUTE) !== 0;
  return (mode & EXECUTE) !== 0;
}
