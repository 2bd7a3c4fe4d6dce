/** A command of a `command` probe: in the service's folder, with its environment and user, in a session of its own. */
import { spawn } from "node:child_process";
import type { Instance } from "../../model/observed.ts";
import type { NativeWorkload } from "../../model/workload.ts";
import { findProgram, findTool } from "./program.ts";
import type { ProcessIdentity } from "./process_identity.ts";

const OUTPUT_BYTES = 4096;

export interface BesideInput {
  /** With the probe's command in the place of its own. */
  workload: NativeWorkload;
  instance: Instance;
  service: ProcessIdentity | null;
  signal: AbortSignal;
}

/**
 * Folder, environment and user are those that the running service has, read from /proc: so they are the ones that it
 * was started with. Everything the command started is killed when `signal` aborts.
 */
export async function executeBeside(
  { workload, service, signal }: BesideInput,
): Promise<{ exitCode: number; output: string }> {
  if (service === null) return { exitCode: 1, output: "the service does not run" };
  const env = await environmentOf(service.pid);
  const cwd = await Deno.readLink(`/proc/${service.pid}/cwd`).catch(() => "/");
  const program = await findProgram(workload, [cwd, env.ARTIFACT_DIRECTORY].filter((one) => one !== undefined));
  const setsid = await findTool("setsid") ?? "/usr/bin/setsid";
  const command = [...await asUserOf(service.pid), program, ...workload.command.slice(1)];
  const child = spawn(setsid, command, { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
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
        // A grandchild that keeps the pipe open must not keep the probe waiting.
        child.stdout!.destroy();
        child.stderr!.destroy();
        resolve({ exitCode: code ?? 137, output: output.trim() });
      });
    });
  } finally {
    signal.removeEventListener("abort", kill);
  }
}

async function environmentOf(pid: number): Promise<Record<string, string>> {
  const text = await Deno.readTextFile(`/proc/${pid}/environ`).catch(() => "");
  return Object.fromEntries(
    text.split("\0").flatMap((pair) => {
      const at = pair.indexOf("=");
      return at < 1 ? [] : [[pair.slice(0, at), pair.slice(at + 1)]];
    }),
  );
}

async function asUserOf(pid: number): Promise<string[]> {
  const setpriv = await findTool("setpriv");
  const status = await Deno.readTextFile(`/proc/${pid}/status`).catch(() => "");
  const uid = /^Uid:\s+(\d+)/m.exec(status)?.[1];
  const gid = /^Gid:\s+(\d+)/m.exec(status)?.[1];
  if (setpriv === null) return [];
  if (uid === undefined || gid === undefined || Number(uid) === Deno.uid()) return [setpriv, "--no-new-privs"];
  return [setpriv, "--no-new-privs", `--reuid=${uid}`, `--regid=${gid}`, "--init-groups"];
}
