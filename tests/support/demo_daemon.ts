/** The real daemon of the demo, as a process of its own, with its settings in a throw-away folder. */
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { join } from "node:path";
import type { Snapshot } from "../../src/model/snapshot.ts";

export interface DemoPaths {
  root: string;
  repository: string;
  config: string;
  port: number;
}

const SOURCE = new URL("../../src/main.ts", import.meta.url).pathname;
const executable = Deno.env.get("HARBORNODE_EXECUTABLE");
const ARGV = executable === undefined
  ? [Deno.execPath(), "run", "-A", "--quiet", SOURCE]
  : [await Deno.realPath(executable)];

export class DemoDaemon {
  /** What a person types to reach the command line. */
  static readonly command = executable ?? "npx -y deno@2.9.6 task harbornode";

  readonly url: string;
  /** Why the daemon is not there any more; null while it is. */
  ended: string | null = null;
  readonly #paths: DemoPaths;
  #child: ChildProcess | null = null;
  #said = "";

  constructor(paths: DemoPaths) {
    this.#paths = paths;
    this.url = `http://127.0.0.1:${paths.port}/`;
  }

  async start(): Promise<void> {
    const { config, root, repository, port } = this.#paths;
    await Deno.writeTextFile(
      config,
      [
        'device = "demo"',
        'listen_address = "127.0.0.1"',
        `listen_port = ${port}`,
        `data_dir = "${join(root, "data")}"`,
        'labels = { role = "demo" }',
        "",
        "[repo]",
        `url = "${repository}"`,
        'interval = "500ms"',
        "",
        "[log]",
        'level = "warning"',
        "",
      ].join("\n"),
    );
    // A session of its own: Ctrl-C is for the demo, which then stops the daemon in order.
    const child = spawn("setsid", [...ARGV, "run", "--config", config], { stdio: ["ignore", "ignore", "pipe"] });
    child.stderr!.on("data", (bytes) => this.#said = (this.#said + String(bytes)).slice(-4000));
    child.on("error", (error) => this.ended = error.message);
    child.on("exit", (code) => this.ended = `exit code ${code}\n${this.#said}`);
    this.#child = child;
  }

  /** Null while the daemon does not answer yet. */
  async status(): Promise<Snapshot | null> {
    try {
      const answer = await fetch(`${this.url}api/v1/status`, { signal: AbortSignal.timeout(10_000) });
      return await answer.json();
    } catch {
      return null;
    }
  }

  /** Stops every workload, then the daemon, and waits for both. */
  async down(): Promise<void> {
    if (this.#child === null) return;
    const id = (await this.status())?.device.id;
    if (this.ended === null) {
      const [program, ...args] = [...ARGV, "down", "--config", this.#paths.config];
      await new Deno.Command(program!, { args, stdout: "null", stderr: "null", stdin: "null" }).output();
    }
    const deadline = performance.now() + 60_000;
    while (this.ended === null && performance.now() < deadline) {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    if (this.ended === null) this.#child.kill("SIGKILL");
    if (id !== undefined && Deno.uid() === 0) {
      await Deno.remove(`/run/harbornode/${id}`, { recursive: true }).catch(() => {});
      await Deno.remove("/run/harbornode").catch(() => {});
    }
  }
}

/** Below those that the kernel gives out (ip(7), ip_local_port_range) and those that a device chooses from. */
const PORTS = { from: 10_000, count: 10_000 };
const given = new Set<number>();

/** A port that nobody listens on right now, and nobody will unless told to: the kernel gives it to no one. */
export async function freePort(): Promise<number> {
  while (true) {
    const port = PORTS.from + Math.floor(Math.random() * PORTS.count);
    if (given.has(port)) continue;
    given.add(port);
    try {
      Deno.listen({ hostname: "0.0.0.0", port }).close();
      return await Promise.resolve(port);
    } catch (error) {
      if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    }
  }
}
