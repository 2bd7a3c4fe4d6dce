/**
 * A real daemon in a process of its own, on a throw-away data_dir: what the end-to-end tests push to, kill and read.
 */
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { dirname, join } from "node:path";
import type { InstanceStatus, Snapshot, WorkloadStatus } from "../../src/model/snapshot.ts";
import { dataDir } from "../../src/store/data_dir.ts";
import { eventually } from "./eventually.ts";
import { freePort } from "./demo_daemon.ts";

const SOURCE = new URL("../../src/main.ts", import.meta.url).pathname;
const FROM_SOURCE = [Deno.execPath(), "run", "-A", "--quiet", SOURCE];

export interface DeviceOptions {
  /** Folder for config.toml and data_dir. */
  root: string;
  repository: string;
  /** Lines for [repo] beside the URL. */
  repo?: string[];
  /** Further lines of config.toml, in tables of their own. */
  extra?: string[];
  /** Lines for [policy]; by default root is allowed, since tests write into folders of their own. */
  policy?: string[];
  name?: string;
  /** What begins each command line of HarborNode; from source unless given. */
  command?: string[];
}

export class TestDevice implements AsyncDisposable {
  readonly port: number;
  readonly config: string;
  readonly dataDir: string;
  readonly #command: string[];
  #child: ChildProcess | null = null;
  #ended: Promise<void> = Promise.resolve();
  /** Of the last daemon that ended; null before. */
  exitCode: number | null = null;
  #said = "";

  private constructor({ root, command = FROM_SOURCE }: DeviceOptions, port: number) {
    this.port = port;
    this.#command = command;
    this.config = join(root, "config.toml");
    this.dataDir = join(root, "data");
  }

  /** Writes the settings and starts the daemon; returns when its page answers. */
  static async start(options: DeviceOptions): Promise<TestDevice> {
    const device = new TestDevice(options, await freePort());
    await Deno.writeTextFile(
      device.config,
      [
        `device = "${options.name ?? "test-device"}"`,
        'listen_address = "127.0.0.1"',
        `listen_port = ${device.port}`,
        "[repo]",
        `url = "${options.repository}"`,
        ...(options.repo ?? ['interval = "1s"']),
        ...(options.extra ?? []),
        "[policy]",
        ...(options.policy ?? ["allow_root = true"]),
        "",
      ].join("\n"),
    );
    await device.startDaemon();
    return device;
  }

  async startDaemon(): Promise<void> {
    const argv = [...this.#command, "run", "--config", this.config];
    const child = spawn("setsid", argv, { stdio: ["ignore", "ignore", "pipe"] });
    child.stderr!.on("data", (bytes) => this.#said = (this.#said + String(bytes)).slice(-20_000));
    this.#ended = new Promise((resolve) =>
      child.on("close", (code) => {
        this.exitCode = code;
        resolve();
      })
    );
    this.#child = child;
    await eventually("the daemon answers", () => this.status());
  }

  /** Everything that the daemons of this device wrote to stderr, the last 20 kB. */
  get log(): string {
    return this.#said;
  }

  get daemonPid(): number {
    return this.#child!.pid!;
  }

  /** As a power cut would for the daemon alone. */
  async killDaemon(): Promise<void> {
    this.#child?.kill("SIGKILL");
    await this.#ended;
    this.#child = null;
  }

  /** In order, as systemd would. Instances go on running. */
  async stopDaemon(): Promise<void> {
    this.#child?.kill("SIGTERM");
    await this.#ended;
    this.#child = null;
  }

  async status(): Promise<Snapshot | null> {
    try {
      const answer = await fetch(`http://127.0.0.1:${this.port}/api/v1/status`, {
        signal: AbortSignal.timeout(30_000),
      });
      return await answer.json() as Snapshot;
    } catch {
      return null;
    }
  }

  async workload(name: string): Promise<WorkloadStatus | undefined> {
    return (await this.status())?.workloads.find((workload) => workload.name === name);
  }

  /** Waits for the workload to be as `claim` says. */
  async until(name: string, claim: (status: WorkloadStatus) => boolean): Promise<WorkloadStatus> {
    const shown = claim.toString().replace(/\s+/g, " ");
    try {
      return await eventually(`${name}: ${shown}`, async () => {
        const status = await this.workload(name);
        if (status === undefined) throw new Error(`no workload ${name}`);
        if (claim(status)) return status;
        throw new Error(JSON.stringify(status));
      });
    } catch (error) {
      throw new Error(`${error instanceof Error ? error.message : error}\n--- daemon said:\n${this.#said}`);
    }
  }

  async cli(...args: string[]): Promise<{ code: number; out: string; err: string }> {
    const [program, ...words] = this.#command;
    const command = new Deno.Command(program!, { args: [...words, ...args, "--config", this.config], stdin: "null" });
    const { code, stdout, stderr } = await command.output();
    const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
    return { code, out: text(stdout), err: text(stderr) };
  }

  /** Stops every workload and the daemon; starts one for it if none runs. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child === null) await this.startDaemon();
    const id = (await this.status())?.device.id;
    await this.cli("down");
    await this.stopDaemon();
    if (id !== undefined && Deno.uid() === 0) {
      await Deno.remove(`/run/harbornode/${id}`, { recursive: true }).catch(() => {});
      const { socket } = dataDir(this.dataDir, id).aside!;
      await Deno.remove(dirname(socket), { recursive: true }).catch(() => {});
    }
  }
}

/** The instances without what they use, which is looked at now and then, and moves by itself. */
export function apartFromUse({ instances }: WorkloadStatus): InstanceStatus[] {
  return instances.map((instance) => ({ ...instance, cpu_percent: null, memory_bytes: null }));
}
