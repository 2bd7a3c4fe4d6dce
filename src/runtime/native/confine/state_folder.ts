/** The folder that a workload writes to: its user's alone. */
import { join } from "node:path";
import { Failure } from "../../../failure.ts";
import type { NativeWorkload } from "../../../model/workload.ts";
import type { Bounds } from "./bounds.ts";
import { identify, type Identity } from "./identity.ts";
import { rememberOwner } from "./own_user.ts";
import { sharedLook } from "../shared_look.ts";
import { findTool } from "./tool.ts";

export interface Claim {
  identity: Identity | null;
  stateDirectory: string;
}

/** Two workloads that are new at once must not be given one user: a claim begins when the one before it is on disk. */
let last: Promise<unknown> = Promise.resolve();

/**
 * Makes the state folder, or hands it and what is in it over when the workload has become another user's. Afterwards
 * `identify` names the same user again, whoever asks. Throws `Failure` as `identify` does, and for a hand-over that
 * did not work; it is then begun anew by the next claim.
 */
export function claimStateFolder(workload: NativeWorkload, bounds: Bounds): Promise<Claim> {
  const claim = last.then(() => claimNext(workload, bounds));
  last = claim.catch(() => {});
  return claim;
}

async function claimNext(workload: NativeWorkload, bounds: Bounds): Promise<Claim> {
  const identity = await identify(workload, bounds);
  const stateDirectory = join(bounds.stateDir, workload.name);
  await stateFolders(bounds.stateDir);
  const isNew = await Deno.mkdir(stateDirectory, { mode: 0o700 }).then(() => true, whenThere);
  if (identity !== null) await give(stateDirectory, { isNew, to: identity });
  return { identity, stateDirectory };
}

const stateFolders = sharedLook((path) => Deno.mkdir(path, { recursive: true, mode: 0o711 }));

async function give(folder: string, { isNew, to }: { isNew: boolean; to: Identity }): Promise<void> {
  const from = isNew ? null : (await Deno.lstat(folder)).uid;
  if (from === to.uid) return;
  if (isNew) await Deno.chown(folder, to.uid, to.gid);
  else await handOver(folder, { from: from ?? 0, to });
  await rememberOwner(folder, to.uid);
}

/**
 * By chown(1), which no link leads out of the folder, not even one that a program makes meanwhile; Deno has only
 * functions that follow paths anew for each file. It changes what belonged to the former user and nothing else, so
 * that a hard link to a file of root's gives nothing away. The folder itself comes last: a hand-over that was cut
 * short is begun again.
 */
async function handOver(folder: string, { from, to }: { from: number; to: Identity }): Promise<void> {
  const chown = await findTool("chown");
  const args = ["-R", "-P", "-h", `--from=${from}`, `${to.uid}:${to.gid}`, "--", folder];
  const done = chown === null
    ? null
    : await new Deno.Command(chown, { args, stdin: "null", stdout: "null", stderr: "piped" }).output();
  if (done?.success) return;
  const said = done === null ? "the device has no chown" : new TextDecoder().decode(done.stderr).trim().split("\n")[0];
  throw new Failure(`"${folder}" could not be given to user ${to.name}: ${said}`, {
    kind: "refused",
    reason: "permission_denied",
    hint: `chown -R ${to.uid}:${to.gid} ${folder}`,
  });
}

/** False for a folder that is there. What is no folder is never touched: it is not of our making. */
async function whenThere(error: unknown): Promise<false> {
  if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
  return false;
}
