/** From a start request to the command line, environment and folder of a process: everything checked, nothing started. */
import { join, resolve } from "node:path";
import { Failure } from "../../failure.ts";
import type { NativeWorkload } from "../../model/workload.ts";
import { environment } from "./environment.ts";
import { type Account, findAccount, findProgram, findTool } from "./program.ts";

export interface Launch {
  command: string[];
  cwd: string;
  env: Record<string, string>;
  setsid: string;
}

export interface LaunchInput {
  workload: NativeWorkload;
  slot: number;
  id: string;
  filesDir: string | null;
  artifactDir: string | null;
  /** Below it each workload has its own folder to write to. */
  stateDir: string;
}

/** Makes the workload's state folder, owned by its user. Throws `Failure` for everything that would keep it from starting. */
export async function prepareLaunch(
  { workload, slot, id, filesDir, artifactDir, stateDir }: LaunchInput,
): Promise<Launch> {
  const program = await findProgram(workload, [filesDir, artifactDir].filter((one) => one !== null));
  const account = workload.user === null ? null : await allowedAccount(workload.user);
  const setsid = await findTool("setsid");
  if (setsid === null) throw missingTool("setsid");
  const stateDirectory = join(stateDir, workload.name);
  await Deno.mkdir(stateDirectory, { recursive: true, mode: 0o700 });
  if (account !== null && Deno.uid() === 0) await Deno.chown(stateDirectory, account.uid, account.gid);
  return {
    command: [...await dropPrivileges(account), program, ...workload.command.slice(1)],
    cwd: await workingDirectory(workload, filesDir ?? artifactDir ?? stateDirectory),
    env: environment({ workload, slot, id, stateDirectory, artifactDirectory: artifactDir, user: account }),
    setsid,
  };
}

async function allowedAccount(user: string): Promise<Account | null> {
  const account = await findAccount(user);
  if (account.uid === Deno.uid()) return account;
  if (Deno.uid() === 0) return account;
  throw new Failure(`the daemon can not start a program as user "${user}"`, {
    kind: "refused",
    reason: "permission_denied",
    hint: "run the daemon as root, or leave user out of the manifest",
  });
}

/** No program gains privileges by a set-user-id bit, whoever it runs as (prctl(2), PR_SET_NO_NEW_PRIVS). */
async function dropPrivileges(account: Account | null): Promise<string[]> {
  const setpriv = await findTool("setpriv");
  if (setpriv === null) {
    if (account === null || account.uid === Deno.uid()) return [];
    throw missingTool("setpriv");
  }
  const to = account === null || account.uid === Deno.uid()
    ? []
    : [`--reuid=${account.uid}`, `--regid=${account.gid}`, "--init-groups"];
  return [setpriv, "--no-new-privs", ...to];
}

async function workingDirectory(workload: NativeWorkload, base: string): Promise<string> {
  const path = workload.workingDir === null ? base : resolve(base, workload.workingDir);
  if (await Deno.stat(path).then((info) => info.isDirectory, () => false)) return path;
  throw new Failure(`working_dir "${workload.workingDir}" is not a folder on this device`, {
    kind: "mistake",
    reason: "start_failed",
    hint: "leave it out: a service begins in the folder with its files",
  });
}

function missingTool(name: string): Failure {
  return new Failure(`the device has no "${name}"`, {
    kind: "refused",
    reason: "start_failed",
    hint: "install util-linux",
  });
}
