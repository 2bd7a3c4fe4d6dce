/**
 * An unprivileged user for a workload that names none. Nothing but the disk remembers it: whoever owns the workload's
 * state folder is its user, so the numbers survive the loss of everything else.
 */
import { createHash } from "node:crypto";
import { basename, dirname, join } from "node:path";
import { Failure } from "../../../failure.ts";
import { accounts, groups } from "./account.ts";
import type { SandboxOptions } from "./sandbox_options.ts";
import { singleflight } from "../../../async/singleflight.ts";

/**
 * The number, of a user and of a group alike. Never one that has a name on the device, nor one that owns the state of
 * another workload, though that may be long gone: its data are still its own.
 */
export async function dynamicUser(
  workload: string,
  { stateDir, range }: { stateDir: string; range: NonNullable<SandboxOptions["uidRange"]> },
): Promise<number> {
  const owner = await ownerOf(join(stateDir, workload));
  const taken = new Set<number>([
    ...(await accounts()).map(({ uid }) => uid),
    ...(await groups()).map(({ gid }) => gid),
  ]);
  if (owner !== null && owner >= range.from && owner <= range.to && !taken.has(owner)) return owner;
  for (const [other, uid] of await ownersBelow(stateDir)) if (other !== workload) taken.add(uid);
  const size = range.to - range.from + 1;
  // By the name, so that a device that lost its state mostly gives the same numbers again.
  const start = createHash("sha256").update(workload).digest().readUInt32BE(0) % size;
  for (let step = 0; step < size; step++) {
    const uid = range.from + (start + step) % size;
    if (!taken.has(uid)) return uid;
  }
  throw new Failure(`every user of uid_range "${range.from}-${range.to}" is taken`, {
    kind: "refused",
    reason: "user_unknown",
    hint: `remove the folders of services that are gone from ${stateDir}, or widen [native] uid_range in config.toml`,
  });
}

async function ownerOf(path: string): Promise<number | null> {
  const info = await Deno.lstat(path).catch(() => null);
  return info?.isDirectory ? info.uid : null;
}

/** By the name of the folder. Each new workload asks: among 200 that start together, that would be 40 000 looks. */
const ownersBelow = singleflight(async (stateDir: string): Promise<Map<string, number>> => {
  const owners = await Promise.all(
    (await names(stateDir)).map(async (name) => [name, await ownerOf(join(stateDir, name))] as const),
  );
  return new Map(owners.flatMap(([name, uid]) => uid === null ? [] : [[name, uid]]));
});

/** To be called by whoever has just given a workload's folder to a user: a look of a moment ago does not know it. */
export async function rememberOwner(directory: string, uid: number): Promise<void> {
  (await ownersBelow(dirname(directory))).set(basename(directory), uid);
}

async function names(directory: string): Promise<string[]> {
  try {
    return (await Array.fromAsync(Deno.readDir(directory))).map((entry) => entry.name);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}
