/** From a start request to the command line, environment and folder of a process: everything checked, nothing started. */
import { resolve } from "node:path";
import { Failure } from "../../failure.ts";
import { substitutePorts, withAssignedPorts } from "../../model/port.ts";
import type { NativeWorkload } from "../../model/workload.ts";
import type { Credentials } from "../../secrets/credentials.ts";
import type { RevealedSecrets } from "../runtime.ts";
import type { SandboxOptions } from "./sandbox/sandbox_options.ts";
import { chainLoad, oomScoreAdj } from "./sandbox/chain_load.ts";
import { checkPathAccess } from "./sandbox/path_access.ts";
import { claimStateDirectory } from "./sandbox/state_directory.ts";
import { checkSecretNames, lateWords } from "./sandbox/environment_script.ts";
import { requireTool } from "../../os/tool.ts";
import { environment } from "./service_environment.ts";
import { findExecutable } from "./find_executable.ts";

/** Returns the workload with the ports that the device assigned to this instance, wherever it refers to them. */
export function withPortEnvironment(workload: NativeWorkload, assigned: readonly number[]): NativeWorkload {
  const ports = withAssignedPorts(workload.ports, assigned);
  const fill = (text: string) => substitutePorts(text, ports);
  const env = Object.fromEntries(Object.entries(workload.env).map(([name, value]) => [name, fill(value)]));
  return { ...workload, ports, env, command: workload.command.map(fill) };
}

export interface Launch {
  shim: "within" | "outside";
  chain: string[];
  /** Right in front of the command: sets the variables that no shell can hand on. */
  late: string[];
  command: string[];
  cwd: string;
  env: Record<string, string>;
  setsid: string;
  oomScoreAdj: number;
  umask: number;
  /** As whom it runs; null: as the daemon. */
  owner: { uid: number; gid: number } | null;
}

export interface LaunchInput {
  workload: NativeWorkload;
  slot: number;
  id: string;
  filesDir: string | null;
  artifactDir: string | null;
  secrets: RevealedSecrets;
  credentials: Credentials;
  bounds: SandboxOptions;
}

/** What new files are not: writable for others. */
const UMASK = 0o022;

/** A POSIX shell puts aside what it redirects, at descriptors from 10 on. */
const SHELL_FILES = 64;

/** Makes the workload's state folder, owned by its user, and the files with its secrets. Throws `Failure` for everything that would keep it from starting. */
export async function prepareLaunch(
  { workload, slot, id, filesDir, artifactDir, secrets, credentials, bounds }: LaunchInput,
): Promise<Launch> {
  const program = await findExecutable(workload, [filesDir, artifactDir].filter((one) => one !== null));
  const setsid = await requireTool("setsid");
  const { identity, stateDirectory } = await claimStateDirectory(workload, bounds);
  const cwd = await workingDirectory(workload, filesDir ?? artifactDir ?? stateDirectory);
  for (const path of new Set([stateDirectory, cwd, program])) await checkPathAccess(path, identity);
  checkSecretNames(Object.keys(secrets.env));
  const env = environment({
    workload,
    slot,
    id,
    stateDirectory,
    artifactDirectory: artifactDir,
    user: identity,
    secrets: secrets.env,
    credentialsDirectory: await credentials.write(id, secrets.files, identity ?? "daemon"),
  });
  return {
    shim: sparesTheShim(workload) ? "within" : "outside",
    chain: await chainLoad(workload, identity),
    late: await lateWords(env),
    command: [program, ...workload.command.slice(1)],
    cwd,
    env,
    setsid,
    oomScoreAdj: await oomScoreAdj(workload),
    umask: workload.umask ?? UMASK,
    owner: identity,
  };
}

/** At a memory limit the cgroup is killed whole, and few limits of a process leave a shell able to start another one. */
function sparesTheShim({ resources, limits }: NativeWorkload): boolean {
  return resources.memoryBytes === null &&
    Object.entries(limits).every(([name, { soft }]) =>
      name === "core" || name === "memlock" || (name === "nofile" && (soft === null || soft >= SHELL_FILES))
    );
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
