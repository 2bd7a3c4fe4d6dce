/** root's shell in a test device: one connection that stays open, so that a command costs a fraction of a second. */
import { join } from "node:path";
import { eventually } from "../../support/eventually.ts";
import { type ProgramResult, programResult } from "./run_program.ts";

const CONNECT_TIMEOUT_MS = 60_000;
const CONTROL_TIMEOUT_MS = 10_000;

/** ssh itself gets this much longer than the command in the device, whose own bound gives the better message. */
const GRACE_MS = 15_000;

export class Ssh {
  readonly #options: string[];
  readonly #port: number;
  #master: Deno.ChildProcess | null = null;

  constructor({ port, key, directory }: { port: number; key: string; directory: string }) {
    this.#port = port;
    this.#options = [
      ...["-F", "/dev/null", "-i", key, "-p", `${port}`, "-S", join(directory, "ssh"), "-l", "root"],
      ...[
        "IdentitiesOnly=yes",
        "BatchMode=yes",
        // Each machine makes host keys with its image; the address is the loopback.
        "StrictHostKeyChecking=no",
        "UserKnownHostsFile=/dev/null",
        "GlobalKnownHostsFile=/dev/null",
        "LogLevel=ERROR",
        "ConnectTimeout=30",
        "ServerAliveInterval=10",
        "ServerAliveCountMax=12",
      ].flatMap((option) => ["-o", option]),
    ];
  }

  /** Command line that a person types to get a shell. */
  get commandLine(): string {
    return ["ssh", ...this.#options, "127.0.0.1"].join(" ");
  }

  /** Tells whether a server answers. QEMU accepts connections before the guest does, so the first line decides. */
  async answers(timeoutMs: number): Promise<boolean> {
    const connection = await Deno.connect({ hostname: "127.0.0.1", port: this.#port }).catch(() => null);
    if (connection === null) return false;
    // Closing ends the read.
    const timer = setTimeout(() => connection.close(), timeoutMs);
    const bytes = new Uint8Array(4);
    const count = await connection.read(bytes).catch(() => null);
    clearTimeout(timer);
    try {
      connection.close();
    } catch { /* The timer has closed it. */ }
    return count === 4 && new TextDecoder().decode(bytes) === "SSH-";
  }

  /** Logs in. Throws when the server does not let root in within a minute. */
  async connect(): Promise<void> {
    await this.disconnect();
    const master = new Deno.Command("ssh", {
      args: [...this.#options, "-M", "-N", "127.0.0.1"],
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
    this.#master = master;
    let ended = false;
    master.status.then(() => ended = true);
    await eventually("root is logged in", async () => {
      if (ended) return true;
      return (await this.#control("check")).success;
    }, { deadlineMs: CONNECT_TIMEOUT_MS, everyMs: 100 });
    if (!ended) return;
    this.#master = null;
    throw new Error("the connection to the device was closed during the login");
  }

  async disconnect(): Promise<void> {
    const master = this.#master;
    if (master === null) return;
    this.#master = null;
    await this.#control("exit").catch(() => {});
    try {
      master.kill("SIGKILL");
    } catch { /* It has ended. */ }
    await master.status;
  }

  /** Runs a shell script and returns its standard output. Throws with all of the output when it fails. */
  async sh(script: string, timeoutMs: number): Promise<string> {
    return this.#outputOf(script, await this.#run(script, timeoutMs), timeoutMs);
  }

  /** Copies a file. The file in the device appears complete or not at all. */
  async push(from: string, to: string, mode: string, timeoutMs: number): Promise<void> {
    const [name, part] = [quote(to), quote(`${to}.part`)];
    const script = `mkdir -p "$(dirname ${name})" && cat >${part} && chmod ${mode} ${part} && mv -f ${part} ${name}`;
    this.#outputOf(script, await this.#run(script, timeoutMs, from), timeoutMs);
  }

  #run(script: string, timeoutMs: number, stdin?: string): Promise<ProgramResult> {
    const bounded = `timeout -k 5 ${Math.ceil(timeoutMs / 1000)} bash -c ${quote(script)}`;
    return programResult("ssh", [...this.#options, "127.0.0.1", bounded], {
      timeoutMs: timeoutMs + GRACE_MS,
      ...(stdin === undefined ? {} : { stdin }),
    });
  }

  #outputOf(script: string, result: ProgramResult, timeoutMs: number): string {
    if (result.success) return result.stdout;
    const isLate = result.timedOut || result.code === 124;
    const cause = isLate
      ? `did not end within ${timeoutMs / 1000} s`
      : result.code === 255
      ? "the connection was lost"
      : `exit code ${result.code}`;
    throw new Error(`in the device, ${script}: ${cause}\n${result.stdout}${result.stderr}`);
  }

  #control(command: "check" | "exit"): Promise<ProgramResult> {
    return programResult("ssh", [...this.#options, "-O", command, "127.0.0.1"], { timeoutMs: CONTROL_TIMEOUT_MS });
  }
}

function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
