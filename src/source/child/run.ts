/** The daemon's side of its git process: starts it, hands it one request, ends it. Knows nothing of git. */
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { Failure } from "../../failure.ts";
import { MAX_CHILD_MEMORY_BYTES } from "../limits.ts";
import type { GitAnswer, GitRequest } from "./request.ts";

/** The hidden word that makes the executable this process (src/main.ts). */
export const GIT_PROGRAM = "git-source";

export interface RunOptions {
  progress?: (message: string) => void;
  /** Ends the process, with all that it started. */
  signal: AbortSignal;
}

/** A `Failure` of the process, and the commit that it is about, where one was found before. */
export class ChildFailure extends Failure {
  id: string | null = null;
}

/** Enough for any sentence; what a process says of its end is shown to nobody but in a report of a bug. */
const MAX_SAID = 2000;

/**
 * The process has a group of its own and bounded memory, and is the first that the kernel ends when memory is short: a
 * pack that unfolds to gigabytes costs this process its life, and nobody else.
 */
const BOUNDED = 'ulimit -c 0; ulimit -d "$0" 2>/dev/null; echo 1000 2>/dev/null >/proc/self/oom_score_adj; exec "$@"';

/** The result of the request. Throws a `ChildFailure`, or the signal's reason. */
export async function runChild(request: GitRequest, { progress = () => {}, signal }: RunOptions): Promise<string> {
  signal.throwIfAborted();
  const words = ["-c", BOUNDED, String(MAX_CHILD_MEMORY_BYTES / 1024), ...command()];
  const child = spawn("/bin/sh", words, { detached: true, env: environment(), stdio: ["pipe", "pipe", "pipe"] });
  const end = () => killGroup(child);
  signal.addEventListener("abort", end, { once: true });
  try {
    const answered = readAnswers(child, progress);
    // Credentials are in it: words and environment of a process can be read by others.
    child.stdin!.on("error", () => {});
    child.stdin!.write(`${JSON.stringify(request)}\n`);
    const { answer, code, said } = await answered;
    signal.throwIfAborted();
    if (answer?.type === "done") return answer.result;
    throw answer === null ? died(request, { code, said }) : failureOf(answer);
  } finally {
    signal.removeEventListener("abort", end);
    child.stdin!.destroy();
  }
}

interface Ended {
  answer: Exclude<GitAnswer, { type: "progress" }> | null;
  /** Its exit code, or the signal that ended it. */
  code: number | string | null;
  said: string;
}

function readAnswers(child: ChildProcess, progress: (message: string) => void): Promise<Ended> {
  let [text, said] = ["", ""];
  let answer: Ended["answer"] = null;
  const decoder = new TextDecoder();
  child.stdout!.on("data", (bytes: Uint8Array) => {
    const lines = (text + decoder.decode(bytes, { stream: true })).split("\n");
    text = lines.pop()!;
    for (const line of lines) {
      const read = JSON.parse(line) as GitAnswer;
      if (read.type === "progress") progress(read.message);
      else answer = read;
    }
  });
  child.stderr!.on("data", (bytes: Uint8Array) => said = (said + new TextDecoder().decode(bytes)).slice(-MAX_SAID));
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => resolve({ answer, code: signal ?? code, said }));
  });
}

function failureOf({ message, detail, id }: Extract<GitAnswer, { type: "failure" }>): ChildFailure {
  return Object.assign(new ChildFailure(message, detail), { id });
}

/** Ended without a word: too much memory, as a rule. Not tried again at once, since it would end in the same way. */
function died(request: GitRequest, { code, said }: Omit<Ended, "answer">): ChildFailure {
  const url = request.op === "peel"
    ? request.gitdir
    : request.origin.type === "local"
    ? request.origin.url
    : request.origin.access.url;
  const megabytes = MAX_CHILD_MEMORY_BYTES / 1024 / 1024;
  return new ChildFailure(`What "${url}" sent needs more memory than it may have, or broke the process that read it`, {
    kind: "refused",
    reason: "repo_invalid",
    hint: `keep large files out of the repository: unpacked, they must fit into ${megabytes} MiB`,
    cause: new Error(`the git process ended with ${code}: ${said}`),
  });
}

/** The leader is a child that has not been waited for, so its number and its group's are nobody else's. */
function killGroup(child: ChildProcess): void {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  for (const pid of [-child.pid, child.pid]) {
    try {
      Deno.kill(pid, "SIGKILL");
    } catch {
      // It has ended, or has no group yet: then it has started nothing.
    }
  }
}

/** The executable itself; from source, the program alone, which starts in half the time of the whole. */
function command(): string[] {
  if (Deno.build.standalone) return [Deno.execPath(), GIT_PROGRAM];
  const flags = ["run", "--allow-all", "--quiet", "--v8-flags=--max-old-space-size=512"];
  const program = new URL("./program.ts", import.meta.url);
  const isBundled = !import.meta.url.endsWith("/source/child/run.ts");
  return [Deno.execPath(), ...flags, ...(isBundled ? [Deno.mainModule, GIT_PROGRAM] : [program.href])];
}

/** Settings in the environment may be secrets, and are of no use to it. */
function environment(): Record<string, string> {
  return Object.fromEntries(Object.entries(Deno.env.toObject()).filter(([name]) => !name.startsWith("HARBORNODE_")));
}
