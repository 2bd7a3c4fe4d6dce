/** The folder that a workload writes to: its user's alone. */
import { join } from "node:path";
import { Failure } from "../../../failure.ts";
import type { NativeWorkload } from "../../../model/workload.ts";
import type { SandboxOptions } from "./sandbox_options.ts";
import { resolveRunAs, type RunAs } from "./run_as.ts";
import { rememberOwner } from "./dynamic_user.ts";
import { singleflight } from "../../../async/singleflight.ts";
import { findTool } from "../../../os/tool.ts";

export interface StateDirectoryClaim {
  identity: RunAs | null;
  stateDirectory: string;
}

/** Two workloads that are new at once must not be given one user: a claim begins when the one before it is on disk. */
let last: Promise<unknown> = Promise.resolve();

/**
 * Makes the state folder, or hands it and what is in it over when the workload has become another user's. Afterwards
 * `identify` names the same user again, whoever asks. Throws `Failure` as `identify` does, and for a hand-over that
 * did not work; it is then begun anew by the next claim.
 */
export function claimStateDirectory(workload: NativeWorkload, bounds: SandboxOptions): Promise<StateDirectoryClaim> {
  const claim = last.then(() => claimNext(workload, bounds));
  last = claim.catch(() => {});
  return claim;
}

async function claimNext(workload: NativeWorkload, bounds: SandboxOptions): Promise<StateDirectoryClaim> {
  const identity = await resolveRunAs(workload, bounds);
  const stateDirectory = join(bounds.stateDir, workload.name);
  await stateFolders(bounds.stateDir);
  const isNew = await Deno.mkdir(stateDirectory, { mode: 0o700 }).then(() => true, whenThere);
  if (identity !== null) await give(stateDirectory, { isNew, to: identity });
  return { identity, stateDirectory };
}

const stateFolders = singleflight((path) => Deno.mkdir(path, { recursive: true, mode: 0o711 }));

async function give(directory: string, { isNew, to }: { isNew: boolean; to: RunAs }): Promise<void> {
  const from = isNew ? null : (await Deno.lstat(directory)).uid;
  if (from === to.uid) return;
  if (isNew) await Deno.chown(directory, to.uid, to.gid);
  else await handOver(directory, { from: from ?? 0, to });
  await rememberOwner(directory, to.uid);
}

/**
 * By chown(1), which no link leads out of the folder, not even one that a program makes meanwhile; Deno has only
 * functions that follow paths anew for each file. It changes what belonged to the former user and nothing else, so
 * that a hard link to a file of root's gives nothing away. The folder itself comes last: a hand-over that was cut
 * short is begun again.
 */
async function handOver(directory: string, { from, to }: { from: number; to: RunAs }): Promise<void> {
  const chown = await findTool("chown");
  const args = ["-R", "-P", "-h", `--from=${from}`, `${to.uid}:${to.gid}`, "--", directory];
  const done = chown === null
    ? null
    : await new Deno.Command(chown, { args, stdin: "null", stdout: "null", stderr: "piped" }).output();
  if (done?.success) return;
  const message = done === null
    ? "the device has no chown"
    : new TextDecoder().decode(done.stderr).trim().split("\n")[0];
  throw new Failure(`"${directory}" could not be given to user ${to.name}: ${message}`, {
    kind: "refused",
    reason: "permission_denied",
    hint: `chown -R ${to.uid}:${to.gid} ${directory}`,
  });
}

/** False for a folder that is there. What is no folder is never touched: it is not of our making. */
async function whenThere(error: unknown): Promise<false> {
  if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
  return false;
}
