/**
 * A whole device: a Debian that boots with systemd, in a virtual machine of its own. HARBORNODE_TEST_DEVICE names the
 * program that makes one; it takes the commands used here: up, push, sh, port, reboot, down.
 */
import { join } from "node:path";
import { makeRepository } from "../support/demo_repository.ts";
import { tempDir } from "../support/temp.ts";

const ROOT = new URL("../..", import.meta.url).pathname;

/** HARBORNODE_TEST_DEVICE_ARCH: of a board that is not of this machine's kind. Its executable is HARBORNODE_TEST_DIST's. */
export const ARCHITECTURE = Deno.env.get("HARBORNODE_TEST_DEVICE_ARCH") ?? Deno.build.arch;
/** As Debian calls them. */
const KINDS: Record<string, string> = { x86_64: "amd64", aarch64: "arm64" };

export interface MachineOptions {
  /** Services by the name of their manifest. */
  services: Record<string, string>;
  /** Further kernel arguments. */
  append?: string;
  /** Lines for [repo] and [policy] of config.toml. */
  repo?: string[];
  policy?: string[];
  /** What a shell does before the daemon is started. */
  prepare?: string;
}

export class Machine implements AsyncDisposable {
  readonly #program: string;
  readonly #name: string;

  private constructor(program: string, name: string) {
    this.#program = program;
    this.#name = name;
  }

  /** Boots it, without HarborNode. */
  static async boot({ append }: Pick<MachineOptions, "append"> = {}): Promise<Machine> {
    const name = `harbornode-${crypto.randomUUID().slice(0, 8)}`;
    const machine = new Machine(Deno.env.get("HARBORNODE_TEST_DEVICE")!, name);
    try {
      await machine.#run("up", [
        "-n",
        name,
        "--arch",
        KINDS[ARCHITECTURE]!,
        "--boot-timeout",
        "240",
        ...(append === undefined ? [] : ["--append", append]),
      ]);
      return machine;
    } catch (error) {
      await machine[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Boots it and starts HarborNode as its unit does, on a repository with these services. */
  static async start(options: MachineOptions): Promise<Machine> {
    const machine = await Machine.boot(options);
    try {
      await machine.#install(options);
      return machine;
    } catch (error) {
      await machine[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Where the machine's port is reached from outside: "127.0.0.1:PORT". */
  async reach(port: number): Promise<string> {
    return `127.0.0.1:${(await this.#run("port", ["-n", this.#name, `${port}`])).trim()}`;
  }

  /** What a shell in it says. Throws with all of it when it fails. */
  sh(script: string): Promise<string> {
    return this.#run("sh", ["-n", this.#name, script]);
  }

  /** In order, or as if the power had failed; returns when it is up again. */
  async reboot(how: "in-order" | "power-failure" = "in-order"): Promise<void> {
    await this.#run("reboot", ["-n", this.#name, ...(how === "power-failure" ? ["--hard"] : [])]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#run("down", ["-n", this.#name]).catch(() => {});
  }

  async #install(
    { services, repo = [], policy = ["allow_priority = true"], prepare = "" }: MachineOptions,
  ): Promise<void> {
    await using dir = await tempDir();
    await Deno.mkdir(join(dir.path, "from/services"), { recursive: true });
    for (const [name, text] of Object.entries(services)) {
      await Deno.writeTextFile(join(dir.path, "from/services", `${name}.toml`), text);
    }
    await makeRepository(join(dir.path, "from"), join(dir.path, "fleet"));
    await run("tar", ["-C", dir.path, "--owner=0", "--group=0", "-cf", join(dir.path, "fleet.tar"), "fleet"]);
    const config = join(dir.path, "config.toml");
    await Deno.writeTextFile(
      config,
      ['[repo]\nurl = "/srv/fleet"', ...repo, "[runtime]\ndocker_enabled = false\n[policy]", ...policy, ""].join("\n"),
    );
    const unit = join(ROOT, "systemd/harbornode.service");
    await this.#push(unit, "/etc/systemd/system/harbornode.service", "644");
    await this.#push(join(dir.path, "fleet.tar"), "/srv/fleet.tar", "644");
    await this.sh("mkdir -p /etc/harbornode && tar -C /srv -xf /srv/fleet.tar");
    await this.#push(config, "/etc/harbornode/config.toml", "644");
    await this.#pushExecutable(dir.path);
    await this.sh(`set -e; ${prepare}\nsystemctl daemon-reload; systemctl start harbornode`);
  }

  /** The compiled one where there is one; else this Deno with the program as one file. */
  async #pushExecutable(work: string): Promise<void> {
    const dist = Deno.env.get("HARBORNODE_TEST_DIST");
    const made = dist === undefined ? undefined : join(dist, `harbornode-linux-${ARCHITECTURE}`);
    const compiled = Deno.env.get("HARBORNODE_EXECUTABLE") ?? made;
    if (compiled !== undefined) return await this.#push(compiled, "/usr/local/bin/harbornode", "755");
    const bundle = join(work, "harbornode.js");
    await run(Deno.execPath(), ["bundle", "--quiet", "--platform=deno", "--output", bundle, join(ROOT, "src/main.ts")]);
    const wrapper = join(work, "harbornode");
    await Deno.writeTextFile(wrapper, '#!/bin/sh\nexec /opt/deno run -A --quiet --no-config /opt/harbornode.js "$@"\n');
    await this.#push(Deno.execPath(), "/opt/deno", "755");
    await this.#push(bundle, "/opt/harbornode.js", "644");
    await this.#push(wrapper, "/usr/local/bin/harbornode", "755");
  }

  async #push(from: string, to: string, mode: string): Promise<void> {
    await this.#run("push", ["-n", this.#name, from, to, mode]);
  }

  #run(command: string, args: string[]): Promise<string> {
    return run(this.#program, [command, ...args]);
  }
}

async function run(program: string, args: string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(program, { args, stdin: "null" }).output();
  const text = new TextDecoder().decode(stdout);
  if (success) return text;
  throw new Error(`${program} ${args.join(" ")}\n${text}${new TextDecoder().decode(stderr)}`);
}
