/**
 * git over ssh, through the system's own client: a program that people know how to set up, audit and update. It asks
 * nobody anything, believes only host keys that it was given, and uses no agent, no settings and no key of anybody else.
 */
import type { Clock } from "../../clock.ts";
import { Failure } from "../../failure.ts";
import { damaged, tooLarge } from "../git_failure.ts";
import type { SshLocation } from "../repository_location.ts";
import { deadline } from "../../async/deadline.ts";
import type { ReceiveBudget } from "./receive_budget.ts";
import { sshFailure, sshMissing } from "./ssh_failure.ts";
import type { Transport } from "./transport.ts";
import { shellQuoted } from "../../model/escape.ts";

export interface SshOptions {
  location: SshLocation;
  /** A deploy key without a passphrase; null for the user's own keys. */
  keyFile: string | null;
  /** Null for the user's and the system's own. */
  knownHostsFile: string | null;
  silenceMs: number;
  budget: ReceiveBudget;
  clock: Clock;
  signal: AbortSignal;
}

/** What ssh says when it fails fits into this many times over. */
const MAX_SAID = 4096;

/** For each word of ssh's command line its reason is in ssh_config(5). The host comes last, after "--". */
export function sshArgs({ location, keyFile, knownHostsFile, silenceMs }: SshOptions): string[] {
  const { host, port, user, path } = location;
  const options = [
    "BatchMode=yes",
    "StrictHostKeyChecking=yes",
    "IdentitiesOnly=yes",
    "IdentityAgent=none",
    "PreferredAuthentications=publickey",
    "ClearAllForwardings=yes",
    "PermitLocalCommand=no",
    `ConnectTimeout=${Math.max(1, Math.ceil(silenceMs / 1000))}`,
    "SendEnv=GIT_PROTOCOL",
    ...(knownHostsFile === null
      ? []
      : [`UserKnownHostsFile="${literal(knownHostsFile)}"`, "GlobalKnownHostsFile=none"]),
  ];
  return [
    "-F",
    "/dev/null",
    "-T",
    "-a",
    "-x",
    ...options.flatMap((option) => ["-o", option]),
    ...(keyFile === null ? [] : ["-i", literal(keyFile)]),
    ...(port === null ? [] : ["-p", String(port)]),
    ...(user === null ? [] : ["-l", user]),
    "--",
    host,
    `git-upload-pack ${shellQuoted(path)}`,
  ];
}

/** ssh expands words with % in names of files. */
function literal(path: string): string {
  return path.replaceAll("%", "%%");
}

export class SshTransport implements Transport {
  readonly isGreeting = true;
  readonly #options: SshOptions;
  #session: Session | null = null;
  /** What ssh said on stderr. */
  #said = "";

  constructor(options: SshOptions) {
    this.#options = options;
  }

  greet(version: 0 | 2): AsyncIterator<Uint8Array> {
    this.#session = this.#open(version);
    return this.#session.output;
  }

  ask(request: Uint8Array<ArrayBuffer>): AsyncIterator<Uint8Array> {
    const { input, output } = this.#session!;
    // A session that ended meanwhile is told by its output.
    input.write(request).catch(() => {});
    return output;
  }

  async close(): Promise<void> {
    if (this.#session === null) return;
    const { child, input, reader, ended } = this.#session;
    // What a server waits for when nothing more is wanted; those of version 0 complain without it.
    await input.close().catch(() => {});
    kill(child);
    await reader.cancel().catch(() => {});
    await ended;
  }

  #open(version: 0 | 2): Session {
    const { PATH, HOME } = Deno.env.toObject();
    const env = { PATH: PATH ?? "/usr/bin:/bin", ...(HOME === undefined ? {} : { HOME }), LC_ALL: "C" };
    let child: Deno.ChildProcess;
    try {
      child = new Deno.Command("ssh", {
        args: sshArgs(this.#options),
        env: { ...env, ...(version === 2 ? { GIT_PROTOCOL: "version=2" } : {}) },
        clearEnv: true,
        stdin: "piped",
        stdout: "piped",
        stderr: "piped",
      }).spawn();
    } catch (error) {
      throw error instanceof Deno.errors.NotFound ? sshMissing(this.#options.location.url) : error;
    }
    const { signal } = this.#options;
    const end = () => kill(child);
    signal.addEventListener("abort", end, { once: true });
    if (signal.aborted) end();
    const heard = this.#listen(child.stderr);
    const ended = Promise.all([child.status, heard]).then(([{ code }]) => {
      signal.removeEventListener("abort", end);
      return code;
    });
    const reader = child.stdout.getReader();
    const session = { child, input: child.stdin.getWriter(), reader, ended };
    return { ...session, output: this.#output(session) };
  }

  async #listen(stderr: ReadableStream<Uint8Array>): Promise<void> {
    for await (const bytes of stderr) this.#said = (this.#said + new TextDecoder().decode(bytes)).slice(-MAX_SAID);
  }

  async *#output({ reader, ended }: Omit<Session, "output">): AsyncGenerator<Uint8Array, undefined> {
    const { budget, location: { url }, clock, signal, silenceMs: ms } = this.#options;
    const late = () =>
      new Failure(`The server of "${url}" said nothing for ${ms / 1000} s`, {
        kind: "transient",
        reason: "repo_unreachable",
      });
    while (true) {
      const { done, value } = await deadline({ clock, ms, signals: [signal], late }, () => reader.read());
      if (done) break;
      if (budget.exceededBy(value.length)) throw tooLarge(url, budget.bytes);
      yield value;
    }
    const code = await ended;
    signal.throwIfAborted();
    if (code !== 0) throw sshFailure(url, this.#said);
    if (budget.received === 0) throw damaged(url, "the connection broke off");
  }
}

interface Session {
  child: Deno.ChildProcess;
  input: WritableStreamDefaultWriter<Uint8Array<ArrayBuffer>>;
  output: AsyncIterator<Uint8Array>;
  reader: ReadableStreamDefaultReader<Uint8Array>;
  /** Its exit code, when all that it said is here. */
  ended: Promise<number>;
}

/** A child that has not been waited for keeps its number, so this meets nobody else. */
function kill(child: Deno.ChildProcess): void {
  try {
    child.kill("SIGKILL");
  } catch {
    // It has ended.
  }
}
