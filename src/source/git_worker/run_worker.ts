/** The daemon's side of its git process: starts it, hands it one request, ends it. Knows nothing of git. */
import { Failure } from "../../failure.ts";
import { MAX_CHILD_MEMORY_BYTES } from "../fetch_limits.ts";
import type { WorkerAnswer, WorkerRequest } from "./worker_request.ts";

/** Looked up before an upgrade can give its file another name. */
const EXECUTABLE = Deno.execPath();

/** The hidden word that makes the executable this process (src/main.ts). */
export const GIT_WORKER = "git-source";

export interface RunOptions {
  progress?: (message: string) => void;
  /** Ends the process, with all that it started. */
  signal: AbortSignal;
}

/** A `Failure` of the process, and the commit that it is about, where one was found before. */
export class WorkerFailure extends Failure {
  id: string | null = null;
}

/** Enough for any sentence; what a process says of its end is shown to nobody but in a report of a bug. */
const MAX_SAID = 2000;

/**
 * The process has a group of its own and bounded memory, and is the first that the kernel ends when memory is short: a
 * pack that unfolds to gigabytes costs this process its life, and nobody else.
 */
const BOUNDED = 'ulimit -c 0; ulimit -d "$0" 2>/dev/null; echo 1000 2>/dev/null >/proc/self/oom_score_adj; exec "$@"';

/** The result of the request. Throws a `WorkerFailure`, or the signal's reason. */
export async function runWorker(request: WorkerRequest, { progress = () => {}, signal }: RunOptions): Promise<string> {
  signal.throwIfAborted();
  // Not Node's `spawn`, which takes our own executable in a command for Deno's and gives it Deno's words.
  const child = new Deno.Command("/bin/sh", {
    args: ["-c", BOUNDED, String(MAX_CHILD_MEMORY_BYTES / 1024), ...command()],
    env: environment(),
    clearEnv: true,
    detached: true,
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const end = () => killGroup(child);
  signal.addEventListener("abort", end, { once: true });
  const input = child.stdin.getWriter();
  try {
    // Credentials are in it: words and environment of a process can be read by others.
    input.write(new TextEncoder().encode(`${JSON.stringify(request)}\n`)).catch(() => {});
    const answering = Promise.all([lastAnswer(child.stdout, progress), tail(child.stderr), child.status]);
    const [answer, said, { code, signal: endedBy }] = await answering;
    signal.throwIfAborted();
    if (answer?.type === "done") return answer.result;
    throw answer === null ? died(request, { code: endedBy ?? code, message: said }) : failureOf(answer);
  } finally {
    signal.removeEventListener("abort", end);
    // Its end: whatever was thrown above, no process is left behind.
    await input.close().catch(() => {});
    end();
    await child.status;
  }
}

type LastAnswer = Exclude<WorkerAnswer, { type: "progress" }>;

async function lastAnswer(
  stdout: ReadableStream<Uint8Array<ArrayBuffer>>,
  progress: (message: string) => void,
): Promise<LastAnswer | null> {
  let text = "";
  let answer: LastAnswer | null = null;
  for await (const piece of stdout.pipeThrough(new TextDecoderStream())) {
    const lines = (text + piece).split("\n");
    text = lines.pop()!;
    for (const line of lines) {
      const read = JSON.parse(line) as WorkerAnswer;
      if (read.type === "progress") progress(read.message);
      else answer = read;
    }
  }
  return answer;
}

async function tail(stderr: ReadableStream<Uint8Array>): Promise<string> {
  let message = "";
  for await (const bytes of stderr) message = (message + new TextDecoder().decode(bytes)).slice(-MAX_SAID);
  return message;
}

function failureOf({ message, detail, id }: Extract<WorkerAnswer, { type: "failure" }>): WorkerFailure {
  return Object.assign(new WorkerFailure(message, detail), { id });
}

/** Ended without a word: too much memory, as a rule. Not tried again at once, since it would end in the same way. */
function died(request: WorkerRequest, { code, message }: { code: number | string; message: string }): WorkerFailure {
  const url = request.op === "peel"
    ? request.gitdir
    : request.origin.type === "local"
    ? request.origin.url
    : request.origin.access.url;
  const megabytes = MAX_CHILD_MEMORY_BYTES / 1024 / 1024;
  return new WorkerFailure(
    `What "${url}" sent needs more memory than it may have, or broke the process that read it (${code})`,
    {
      kind: "refused",
      reason: "repo_invalid",
      hint: `keep large files out of the repository: unpacked, they must fit into ${megabytes} MiB`,
      cause: new Error(`the git process ended with ${code}: ${message}`),
    },
  );
}

/** A leader that has not been waited for keeps its number, and its group's. */
function killGroup(child: Deno.ChildProcess): void {
  try {
    // Throws where it has been waited for, and its number may be another's.
    child.kill("SIGKILL");
    Deno.kill(-child.pid, "SIGKILL");
  } catch {
    // It has ended, or has no group yet: then it has started nothing.
  }
}

/** The executable itself; from source, the program alone, which starts in half the time of the whole. */
function command(): string[] {
  if (Deno.build.standalone) return [EXECUTABLE, GIT_WORKER];
  const flags = ["run", "--allow-all", "--quiet", "--v8-flags=--max-old-space-size=512"];
  const program = new URL("./main.ts", import.meta.url);
  const isBundled = !import.meta.url.endsWith("/source/git_worker/run_worker.ts");
  return [EXECUTABLE, ...flags, ...(isBundled ? [Deno.mainModule, GIT_WORKER] : [program.href])];
}

/** Settings in the environment may be secrets, and are of no use to it. */
function environment(): Record<string, string> {
  return Object.fromEntries(Object.entries(Deno.env.toObject()).filter(([name]) => !name.startsWith("HARBORNODE_")));
}
