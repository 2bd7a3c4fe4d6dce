/** Commands of `command` probes: in the service's folder, with its environment and user, in a session of their own. */
import { spawn } from "node:child_process";
import type { NativeWorkload } from "../../model/workload.ts";
import { ENTER, enterScript, isIdentifier, lateWords } from "./sandbox/environment_script.ts";
import { privilegeArgs } from "./sandbox/chain_load.ts";
import { resolveRunAs, type RunAs } from "./sandbox/run_as.ts";
import { checkPathAccess } from "./sandbox/path_access.ts";
import type { SandboxOptions } from "./sandbox/sandbox_options.ts";
import { requireTool } from "../../os/tool.ts";
import { OWN_MARKER } from "./service_environment.ts";
import { findExecutable } from "./find_executable.ts";
import { readEnvironment } from "./process/read_environ.ts";
import type { ProcessHandle } from "../../os/pidfd.ts";

const OUTPUT_BYTES = 4096;
/** How long the output of a command that has ended may still come, when something it left behind holds the pipe. */
const LATE_OUTPUT_MS = 100;
/** A start goes through several execs, each of which shows no environment, or not yet its own, for a moment. */
const ENVIRON_TRIES = 50;
const LOST = "the environment of the service cannot be read: it is too large, or not readable in time";

export interface RunCommandInput {
  /** With the probe's command in the place of its own. */
  workload: NativeWorkload;
  service: ProcessHandle | null;
  /** Of the service; null where that is not known: then it is read from /proc. */
  environment: Record<string, string> | null;
  bounds: SandboxOptions;
  signal: AbortSignal;
}

/**
 * Folder and environment are those of the running service. The environment of an adopted service is read from /proc,
 * and may be written over there. User and groups are found as for its start, and not read from /proc: in its first
 * milliseconds a service is still root. No capability is passed on. Everything the command started is killed when `signal` aborts.
 */
export async function runCommand(
  { workload, service, environment, bounds, signal }: RunCommandInput,
): Promise<{ exitCode: number; output: string }> {
  if (service === null) return { exitCode: 1, output: "the service does not run" };
  const env = environment ?? await environmentOf(service.pid);
  if (env === null) return { exitCode: 1, output: LOST };
  const cwd = await Deno.readLink(`/proc/${service.pid}/cwd`).catch(() => "/");
  const program = await findExecutable(workload, [cwd, env.ARTIFACT_DIRECTORY].filter((one) => one !== undefined));
  const setsid = await requireTool("setsid");
  const identity = await resolveRunAs(workload, bounds);
  await checkPathAccess(program, identity);
  const asService = await privilegeArgs(withoutCapabilities(identity), { noNewPrivileges: true });
  const command = [...asService, ...ENTER, ...await lateWords(env), program, ...workload.command.slice(1)];
  // No variable in front of setpriv(1), which is root: see `environment_script.ts`.
  const child = spawn(setsid, command, { cwd, env: {}, stdio: ["pipe", "pipe", "pipe"] });
  // A command that was killed meanwhile reads nothing any more.
  child.stdin!.on("error", () => {});
  child.stdin!.end(enterScript(env));
  let output = "";
  const take = (bytes: unknown) => output = (output + String(bytes)).slice(0, OUTPUT_BYTES);
  child.stdout!.on("data", take);
  child.stderr!.on("data", take);
  const kill = () => {
    if (child.pid === undefined) return;
    // Its group has what the command started, unless that left on purpose. There is no group yet when it was started a
    // moment ago: then the process itself is all there is.
    for (const pid of [-child.pid, child.pid]) {
      try {
        Deno.kill(pid, "SIGKILL");
      } catch {
        // It ended by itself, or was never there.
      }
    }
  };
  signal.addEventListener("abort", kill, { once: true });
  // It may have aborted while the program was looked for.
  if (signal.aborted) kill();
  try {
    return await new Promise((resolve) => {
      child.once("error", (error) => resolve({ exitCode: 127, output: error.message }));
      child.once("exit", (code) => {
        const end = () => {
          child.stdout!.destroy();
          child.stderr!.destroy();
          resolve({ exitCode: code ?? 137, output: output.trim() });
        };
        // All its output is here with "close". A grandchild that keeps the pipe open must not keep the probe waiting.
        const late = setTimeout(end, LATE_OUTPUT_MS);
        child.once("close", () => {
          clearTimeout(late);
          end();
        });
      });
    });
  } finally {
    signal.removeEventListener("abort", kill);
  }
}

/**
 * Null for an environment that cannot be had: half of one would make the command another one. A manifest sets no
 * variable with another name than a shell can export; a program may write any text there.
 */
async function environmentOf(pid: number): Promise<Record<string, string> | null> {
  let env: Record<string, string> | null = {};
  for (let tries = 0; tries < ENVIRON_TRIES && env !== null && env[OWN_MARKER] === undefined; tries++) {
    if (tries > 0) await new Promise((resolve) => setTimeout(resolve, 1));
    env = await readEnvironment(pid);
  }
  return env === null ? null : Object.fromEntries(Object.entries(env).filter(([name]) => isIdentifier(name)));
}

/** Root stays what it is: without capabilities it could do less than any user. */
function withoutCapabilities(identity: RunAs | null): RunAs | null {
  return identity === null || identity.capabilities === "all" ? identity : { ...identity, capabilities: [] };
}
