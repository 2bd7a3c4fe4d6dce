/** A command of a `command` probe: in the service's folder, with its environment and user, in a session of its own. */
import { spawn } from "node:child_process";
import type { NativeWorkload } from "../../model/workload.ts";
import { ENTER, enterScript, isIdentifier, lateWords } from "./confine/environment_script.ts";
import { privilegeWords } from "./confine/exec_chain.ts";
import { identify, type Identity } from "./confine/identity.ts";
import { checkReach } from "./confine/reach.ts";
import type { Bounds } from "./confine/bounds.ts";
import { needTool } from "./confine/tool.ts";
import { OWN_MARKER } from "./environment.ts";
import { findProgram } from "./program.ts";
import type { ProcessIdentity } from "./process/identity.ts";

const OUTPUT_BYTES = 4096;
/** How long the output of a command that has ended may still come, when something it left behind holds the pipe. */
const LATE_OUTPUT_MS = 100;
/** A start goes through several execs, each of which shows no environment, or not yet its own, for a moment. */
const ENVIRON_TRIES = 50;

export interface BesideInput {
  /** With the probe's command in the place of its own. */
  workload: NativeWorkload;
  service: ProcessIdentity | null;
  bounds: Bounds;
  signal: AbortSignal;
}

/**
 * Folder and environment are those that the running service has, read from /proc: so they are the ones that it was
 * started with. User and groups are found as for its start, and not read from /proc: in its first milliseconds a
 * service is still root. No capability is passed on. Everything the command started is killed when `signal` aborts.
 */
export async function executeBeside(
  { workload, service, bounds, signal }: BesideInput,
): Promise<{ exitCode: number; output: string }> {
  if (service === null) return { exitCode: 1, output: "the service does not run" };
  const env = await environmentOf(service.pid);
  const cwd = await Deno.readLink(`/proc/${service.pid}/cwd`).catch(() => "/");
  const program = await findProgram(workload, [cwd, env.ARTIFACT_DIRECTORY].filter((one) => one !== undefined));
  const setsid = await needTool("setsid");
  const identity = await identify(workload, bounds);
  await checkReach(program, identity);
  const asService = await privilegeWords(withoutCapabilities(identity), { noNewPrivileges: true });
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

async function environmentOf(pid: number): Promise<Record<string, string>> {
  let text = "";
  for (let tries = 0; tries < ENVIRON_TRIES && !`\0${text}`.includes(`\0${OWN_MARKER}=`); tries++) {
    if (tries > 0) await new Promise((resolve) => setTimeout(resolve, 1));
    text = await Deno.readTextFile(`/proc/${pid}/environ`).catch(() => "");
  }
  return Object.fromEntries(
    text.split("\0").flatMap((pair) => {
      const at = pair.indexOf("=");
      return !isIdentifier(pair.slice(0, Math.max(0, at))) ? [] : [[pair.slice(0, at), pair.slice(at + 1)]];
    }),
  );
}

/** Root stays what it is: without capabilities it could do less than any user. */
function withoutCapabilities(identity: Identity | null): Identity | null {
  return identity === null || identity.capabilities === "all" ? identity : { ...identity, capabilities: [] };
}
