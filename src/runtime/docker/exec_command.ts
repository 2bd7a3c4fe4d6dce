/** Runs a command inside a container that runs. */
import { readStartText } from "../../os/bounded_read.ts";
import { logger } from "../../log.ts";
import type { Engine } from "./engine.ts";
import { frames } from "./log_stream.ts";
import type { ExecAnswer } from "./api_types.ts";

const log = logger("docker");

/** A probe's output is for a person's eye; what is beyond this is read and dropped. */
const OUTPUT_BYTES = 16 * 1024;
const MOST_CGROUP_BYTES = 8 * 1024;
/** What a shell answers for a program that is not there. */
const NOT_FOUND = 127;

/** As the container's user, in its working directory. Throws a `Failure`, or the signal's reason. */
export async function execute(
  engine: Engine,
  { containerId, command, signal }: { containerId: string; command: string[]; signal: AbortSignal },
): Promise<{ exitCode: number; output: string }> {
  const task = `run "${command[0] ?? ""}" in the container`;
  const created = await engine.call(`POST /containers/${containerId}/exec`, {
    task,
    body: { AttachStdout: true, AttachStderr: true, Cmd: command },
    signal,
  });
  const { Id: id } = created.body as { Id: string };
  try {
    const output = await outputOf(engine, { id, task, signal });
    const { body } = await engine.call(`GET /exec/${id}/json`, { task, signal });
    return { exitCode: (body as ExecAnswer).ExitCode ?? NOT_FOUND, output };
  } catch (error) {
    if (signal.aborted) await kill(engine, { id, containerId });
    throw error;
  }
}

async function outputOf(
  engine: Engine,
  { id, task, signal }: { id: string; task: string; signal: AbortSignal },
): Promise<string> {
  const chunks = engine.stream(`POST /exec/${id}/start`, { task, body: { Detach: false, Tty: false }, signal });
  const decoder = new TextDecoder();
  let output = "";
  for await (const { payload } of frames(chunks)) {
    if (output.length < OUTPUT_BYTES) output += decoder.decode(payload, { stream: true });
  }
  return output.slice(0, OUTPUT_BYTES);
}

/**
 * Docker has no call that ends a command. Its process is ended from outside, when it is seen to be in this container:
 * with Docker in a machine of its own, or without the right to, the command is left to end by itself.
 */
async function kill(engine: Engine, { id, containerId }: { id: string; containerId: string }): Promise<void> {
  try {
    const { body } = await engine.call(`GET /exec/${id}/json`, { task: "look at a command", timeoutMs: 5000 });
    const { Running: running = false, Pid: pid = 0 } = body as ExecAnswer;
    if (!running || pid <= 1) return;
    const cgroup = await readStartText(`/proc/${pid}/cgroup`, MOST_CGROUP_BYTES);
    if (cgroup.includes(containerId)) Deno.kill(pid, "SIGKILL");
  } catch (error) {
    log.debug("a command in a container could not be ended: {error}", { error });
  }
}
