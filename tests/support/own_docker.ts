/**
 * A Docker of a test's own, which can be stopped, cut off from power and booted. It has a network namespace to itself: two
 * Dockers in one take each other's bridges away. Needs root.
 */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { dockerCall } from "./docker_image.ts";
import { eventually } from "./eventually.ts";

export class OwnDocker implements AsyncDisposable {
  readonly #root: string;
  #ended: Promise<void> = Promise.resolve();

  /** `root` is a folder that holds nothing else. Nothing runs until `boot`. */
  constructor(root: string) {
    this.#root = root;
  }

  get socket(): string {
    return join(this.#root, "socket");
  }

  /** Returns when it answers. `options` are further ones of dockerd's command line. */
  async boot(...options: string[]): Promise<void> {
    const own = (name: string) => join(this.#root, name);
    const argv = ["--data-root", own("data"), "--exec-root", own("run/exec"), "--pidfile", own("run/pid")];
    argv.push("-H", `unix://${this.socket}`, "--iptables=false", "--ip6tables=false", ...options);
    await Deno.mkdir(own("run"), { recursive: true });
    const child = spawn("unshare", ["--net", "dockerd", ...argv], { stdio: "ignore", detached: true });
    this.#ended = new Promise((resolve) => child.on("exit", () => resolve()));
    await eventually("the own Docker answers", async () => {
      return (await dockerCall("/_ping", {}, this.socket)).status === 200;
    }, { everyMs: 100 });
  }

  /** In order, as systemd would at a shutdown. */
  async shutDown(): Promise<void> {
    const pid = Number(await Deno.readTextFile(join(this.#root, "run/pid")));
    Deno.kill(pid, "SIGTERM");
    await this.#ended;
    await this.#clear();
  }

  /** Docker, its helpers and all containers at one moment, and what a boot would find of /run and of mounts: nothing. */
  async cutPower(): Promise<void> {
    const processes = await table();
    const own = processes.filter(({ argv }) => argv.includes(`${this.#root}/`));
    const doomed = new Set(own.map(({ pid }) => pid));
    for (let size = -1; size !== doomed.size;) {
      size = doomed.size;
      for (const { pid, parent } of processes) if (doomed.has(parent)) doomed.add(pid);
    }
    doomed.delete(Deno.pid);
    for (const pid of doomed) {
      try {
        Deno.kill(pid, "SIGKILL");
      } catch {
        // It went with another one.
      }
    }
    await this.#ended;
    await eventually("all of it is gone", async () => {
      const left = (await table()).filter(({ pid }) => doomed.has(pid));
      return left.length === 0;
    });
    await this.#clear();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.cutPower();
    await Deno.remove(this.#root, { recursive: true }).catch(() => {});
  }

  async #clear(): Promise<void> {
    const mounts = (await Deno.readTextFile("/proc/mounts")).split("\n").map((line) => line.split(" ")[1] ?? "");
    for (const path of mounts.filter((path) => path.startsWith(`${this.#root}/`)).sort().reverse()) {
      await new Deno.Command("umount", { args: ["-l", path], stdin: "null", stderr: "null" }).output();
    }
    await Deno.remove(join(this.#root, "run"), { recursive: true }).catch(() => {});
    await Deno.remove(this.socket).catch(() => {});
  }
}

async function table(): Promise<{ pid: number; parent: number; argv: string }[]> {
  const found = [];
  for await (const { name } of Deno.readDir("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const stat = await Deno.readTextFile(`/proc/${name}/stat`).catch(() => "");
    const argv = await Deno.readTextFile(`/proc/${name}/cmdline`).catch(() => "");
    const [state, parent] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    if (state !== undefined && state !== "Z") found.push({ pid: Number(name), parent: Number(parent), argv });
  }
  return found;
}
