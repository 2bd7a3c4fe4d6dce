/** A daemon that is started and killed again and again, and what it was doing when it was killed. */
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { join } from "node:path";
import type { Snapshot } from "../../src/model/snapshot.ts";
import { freePort } from "./demo_daemon.ts";

const SOURCE = new URL("../../src/main.ts", import.meta.url).pathname;
const executable = Deno.env.get("HARBORNODE_EXECUTABLE");
const ARGV = executable === undefined
  ? [Deno.execPath(), "run", "-A", "--quiet", SOURCE]
  : [await Deno.realPath(executable)];

/** The last word of a daemon tells the step it was in; after this long without one it was waiting for a wake-up. */
const QUIET_MS = 250;
/** The longest stop timeout of a service, several times over. */
const DOWN_MS = 120_000;
const STEPS: [step: string, word: RegExp][] = [
  ["after a start", /: started /],
  ["after a stop", /: stopped /],
  ["after a removal", /: removed /],
  ["with a new revision", / asks for /],
  ["just up", / is up, /],
];

export class ChaosDaemon {
  readonly #config: string;
  readonly #port: number;
  #child: ChildProcess | null = null;
  #ended: Promise<void> = Promise.resolve();
  /** Of the daemon that runs, or ran last. */
  #lines: string[] = [];
  #spokeAt = 0;
  #listener: (line: string) => void = () => {};

  private constructor(config: string, port: number) {
    this.#config = config;
    this.#port = port;
  }

  /** Writes the settings; starts nothing. */
  static async create(root: string, repository: string): Promise<ChaosDaemon> {
    const port = await freePort();
    const config = join(root, "config.toml");
    const lines = [
      'device = "chaos"',
      'listen_address = "127.0.0.1"',
      `listen_port = ${port}`,
      `data_dir = "${join(root, "data")}"`,
      "[runtime]",
      "docker_enabled = false",
      "[repo]",
      `url = "${repository}"`,
      'interval = "100ms"',
      "",
    ];
    await Deno.writeTextFile(config, lines.join("\n"));
    return new ChaosDaemon(config, port);
  }

  /** Returns as soon as the process exists. */
  start(): void {
    const [program, ...args] = [...ARGV, "run", "--config", this.#config];
    const child = spawn("setsid", [program!, ...args], { stdio: ["ignore", "ignore", "pipe"] });
    this.#lines = [];
    this.#spokeAt = performance.now();
    let rest = "";
    child.stderr!.on("data", (bytes) => {
      const lines = (rest + String(bytes)).split("\n");
      rest = lines.pop()!;
      for (const line of lines) this.#hear(line);
    });
    this.#ended = new Promise((resolve) => child.once("close", () => resolve()));
    this.#child = child;
  }

  /** Resolves with the next line that matches, or with null after `ms`. Lines that were said before do not count. */
  async hear(word: RegExp, ms: number): Promise<string | null> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    try {
      return await new Promise((resolve) => {
        this.#listener = (line) => word.test(line) && resolve(line);
        timer = setTimeout(() => resolve(null), ms);
      });
    } finally {
      clearTimeout(timer);
      this.#listener = () => {};
    }
  }

  #hear(line: string): void {
    this.#lines.push(line);
    this.#spokeAt = performance.now();
    this.#listener(line);
  }

  /** What it said since its start. */
  get log(): string {
    return this.#lines.join("\n");
  }

  /** As its own words tell it. */
  get step(): string {
    const last = this.#lines.findLast((line) => STEPS.some(([, word]) => word.test(line)));
    if (last === undefined) return "before it was up";
    if (performance.now() - this.#spokeAt > QUIET_MS) return "while it waited";
    return STEPS.find(([, word]) => word.test(last))![0];
  }

  /** SIGKILL; returns when it is gone. */
  async kill(): Promise<void> {
    this.#child?.kill("SIGKILL");
    await this.#ended;
    this.#child = null;
  }

  async status(): Promise<Snapshot | null> {
    try {
      const url = `http://127.0.0.1:${this.#port}/api/v1/status`;
      return await (await fetch(url, { signal: AbortSignal.timeout(30_000) })).json() as Snapshot;
    } catch {
      return null;
    }
  }

  /** `harbornode down`: stops every workload, then the daemon. Returns its exit code, or null when it takes too long. */
  async down(): Promise<number | null> {
    const [program, ...args] = [...ARGV, "down", "--config", this.#config];
    const command = spawn(program!, args, { stdio: "ignore", timeout: DOWN_MS, killSignal: "SIGKILL" });
    const code = await new Promise<number | null>((resolve) => command.once("close", resolve));
    if (code !== 0) this.#child?.kill("SIGKILL");
    await this.#ended;
    this.#child = null;
    return code;
  }
}
