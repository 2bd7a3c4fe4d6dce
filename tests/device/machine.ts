/** A whole device: a virtual machine that boots Debian with systemd, with HarborNode installed on it. */
import { join } from "node:path";
import { makeRepository } from "../support/demo_repository.ts";
import { tempDir } from "../support/temp.ts";
import { DEVICE_ARCHITECTURE } from "./vm/prerequisite.ts";
import { runProgram } from "./vm/run_program.ts";
import { VirtualMachine } from "./vm/virtual_machine.ts";

const ROOT = new URL("../..", import.meta.url).pathname;

const TOOL_TIMEOUT_MS = 300_000;

/** Architecture of the device as Deno names it. The executable for it is the one of HARBORNODE_TEST_DIST. */
export const ARCHITECTURE = DEVICE_ARCHITECTURE === "arm64" ? "aarch64" : "x86_64";

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
  readonly #machine: VirtualMachine;

  private constructor(machine: VirtualMachine) {
    this.#machine = machine;
  }

  /** Boots a device without HarborNode. */
  static async boot({ append }: Pick<MachineOptions, "append"> = {}): Promise<Machine> {
    const options = { architecture: DEVICE_ARCHITECTURE, ...(append === undefined ? {} : { append }) };
    return new Machine(await VirtualMachine.boot(options));
  }

  /** Boots a device and starts HarborNode as its unit does, with a repository that holds these services. */
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

  /** Returns the address that leads to the port of the device: "127.0.0.1:PORT". Port 3080 is forwarded. */
  reach(port: number): Promise<string> {
    return Promise.resolve(`127.0.0.1:${this.#machine.port(port)}`);
  }

  /** Runs a shell script as root and returns its standard output. Throws with all of the output when it fails. */
  sh(script: string): Promise<string> {
    return this.#machine.sh(script);
  }

  /** Reboots the device in order, or as after a power failure. Returns when the device is up again. */
  async reboot(how: "in-order" | "power-failure" = "in-order"): Promise<void> {
    await (how === "in-order" ? this.#machine.reboot() : this.#machine.failPower());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#machine[Symbol.asyncDispose]();
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

  /** Installs the compiled executable when one is given, else this Deno with the program as one file. */
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
    await this.#machine.push(from, to, mode);
  }
}

async function run(program: string, args: string[]): Promise<void> {
  await runProgram(program, args, { timeoutMs: TOOL_TIMEOUT_MS });
}
