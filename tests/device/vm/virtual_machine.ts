/**
 * A Debian that boots with systemd in QEMU, for tests of a whole device. Nothing of this machine changes: the guest has
 * a disk of its own in the temporary folder, ports of 127.0.0.1 lead to it, and it ends with this process.
 */
import { join } from "node:path";
import { eventually } from "../../support/eventually.ts";
import { deviceImage, type Image } from "./image.ts";
import { type Accelerator, chooseAccelerator, HOST_ARCHITECTURE, machineArguments, QEMU_PROGRAM } from "./qemu.ts";
import type { DebianArchitecture } from "./recipe.ts";
import { runProgram } from "./run_program.ts";
import { Ssh } from "./ssh.ts";

/** An emulated machine boots in 10 s when it is alone, and in minutes on a busy machine. */
const BOOT_TIMEOUT_MS = 300_000;
/** systemd gives a unit 90 s to stop. */
const SHUTDOWN_TIMEOUT_MS = 180_000;
const COMMAND_TIMEOUT_MS = 600_000;
const QEMU_STOP_TIMEOUT_MS = 10_000;

/** Another program may take a free port before QEMU does. */
const PORT_ATTEMPTS = 5;

const FOLDER_PREFIX = "harbornode-device-";

export interface VirtualMachineOptions {
  architecture?: DebianArchitecture;
  docker?: boolean;
  /** Further kernel arguments, such as "cgroup_disable=memory". */
  append?: string;
  /** Ports of the guest that are reached from this machine, besides ssh. */
  ports?: readonly number[];
  cpus?: number;
  memoryMiB?: number;
  /** Gets lines on what takes time; standard error by default. */
  say?: (line: string) => void;
}

export class VirtualMachine implements AsyncDisposable {
  readonly accelerator: Accelerator;
  readonly #folder: string;
  readonly #arguments: (ports: ReadonlyMap<number, number>) => string[];
  readonly #program: string;
  readonly #say: (line: string) => void;
  readonly #key: string;
  readonly #guestPorts: readonly number[];
  #ports: ReadonlyMap<number, number> = new Map();
  #ssh: Ssh | null = null;
  #qemu: { child: Deno.ChildProcess; ended: boolean } | null = null;

  private constructor(
    image: Image,
    accelerator: Accelerator,
    directory: string,
    { append = "", ports = [3080], cpus = 2, memoryMiB = 2048, say = report }: VirtualMachineOptions,
  ) {
    this.accelerator = accelerator;
    this.#folder = directory;
    this.#program = QEMU_PROGRAM[image.kind.architecture];
    this.#key = join(directory, "key");
    this.#say = say;
    this.#guestPorts = [22, ...ports];
    this.#arguments = (ports) =>
      machineArguments({
        ...{ image, accelerator, cpus, memoryMiB, append, ports },
        disk: join(directory, "disk"),
        console: join(directory, "console"),
      });
  }

  /** Boots a machine on a fresh copy of the image. Throws with the end of the console when it does not come up. */
  static async boot(options: VirtualMachineOptions = {}): Promise<VirtualMachine> {
    const { architecture = HOST_ARCHITECTURE, docker = false, say = report } = options;
    const image = await deviceImage({ architecture, docker }, say);
    const accelerator = await chooseAccelerator(image);
    await removeLeftovers();
    const directory = await Deno.makeTempDir({ prefix: `${FOLDER_PREFIX}${Deno.pid}-` });
    const machine = new VirtualMachine(image, accelerator, directory, options);
    try {
      const begun = performance.now();
      // ssh refuses a key that others can read, and an image may be anybody's.
      await Deno.copyFile(image.key, machine.#key);
      await Deno.chmod(machine.#key, 0o600);
      await runProgram(
        "qemu-img",
        ["create", "-q", "-f", "qcow2", "-b", image.disk, "-F", "raw", join(directory, "disk")],
        { timeoutMs: 60_000 },
      );
      await machine.#powerOnFirst();
      await machine.#untilBooted();
      say(`a test device is up after ${seconds(begun)} (${architecture}, ${accelerator})`);
      return machine;
    } catch (error) {
      await machine[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Command line that a person types to get a shell in the machine. */
  get sshCommand(): string {
    return this.#ssh!.commandLine;
  }

  /** Returns the port of 127.0.0.1 that leads to the guest's. */
  port(guest: number): number {
    const port = this.#ports.get(guest);
    if (port === undefined) {
      throw new Error(`port ${guest} of the device is not forwarded\n  hint: name it when the machine boots`);
    }
    return port;
  }

  /** Runs a shell script as root and returns its standard output. Throws with all of the output when it fails. */
  sh(script: string, { timeoutMs = COMMAND_TIMEOUT_MS }: { timeoutMs?: number } = {}): Promise<string> {
    return this.#ssh!.sh(script, timeoutMs);
  }

  push(from: string, to: string, mode: string): Promise<void> {
    return this.#ssh!.push(from, to, mode, COMMAND_TIMEOUT_MS);
  }

  /** Restarts the machine as `systemctl reboot` does, and waits until it is up again. */
  async reboot(): Promise<void> {
    const begun = performance.now();
    // The connection may be cut before the command has answered.
    await this.sh("systemctl reboot", { timeoutMs: 20_000 }).catch(() => {});
    await eventually("the device has shut down", () => this.#qemu!.ended, {
      deadlineMs: SHUTDOWN_TIMEOUT_MS,
      everyMs: 100,
    }).catch(async (error) => {
      throw new Error(`${error.message}\n${await this.#evidence()}`);
    });
    await this.#powerOnAgain();
    this.#say(`the test device has rebooted in ${seconds(begun)}`);
  }

  /** Cuts the power and switches the machine on again: what the guest has not written to its disk is lost. */
  async failPower(): Promise<void> {
    const begun = performance.now();
    await this.#powerOff();
    await this.#powerOnAgain();
    this.#say(`the test device is up after a power failure, in ${seconds(begun)}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#ssh?.disconnect();
    await this.#powerOff();
    await Deno.remove(this.#folder, { recursive: true }).catch(() => {});
  }

  /** Starts QEMU on ports that are free, and keeps them for the life of the machine. */
  async #powerOnFirst(): Promise<void> {
    for (let attempt = 1;; attempt++) {
      this.#ports = new Map(this.#guestPorts.map((guest) => [guest, freePort()]));
      this.#powerOn();
      this.#ssh = new Ssh({ port: this.port(22), key: this.#key, directory: this.#folder });
      // QEMU listens before the guest runs.
      await eventually("QEMU listens or has ended", async () => {
        if (this.#qemu!.ended) return true;
        const connection = await Deno.connect({ hostname: "127.0.0.1", port: this.port(22) }).catch(() => null);
        connection?.close();
        return connection !== null;
      });
      if (!this.#qemu!.ended) return;
      const log = await this.#text("qemu.log");
      if (attempt === PORT_ATTEMPTS || !log.includes("host forwarding")) {
        throw new Error(`${this.#program} did not start: ${log.trim()}`);
      }
    }
  }

  /** A new QEMU, also after a reboot: one that emulates becomes several times slower after a reset. */
  #powerOn(): void {
    const child = new Deno.Command("setpriv", {
      args: [
        // Ends with the thread that started it, so that a killed test leaves no machine behind.
        ...["--pdeathsig", "KILL", "--", "sh", "-c", 'log=$1; shift; exec "$@" 2>>"$log"', "sh"],
        ...[join(this.#folder, "qemu.log"), this.#program, ...this.#arguments(this.#ports)],
      ],
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
    const qemu = { child, ended: false };
    child.status.then(() => qemu.ended = true);
    this.#qemu = qemu;
  }

  async #powerOnAgain(): Promise<void> {
    await this.#ssh!.disconnect();
    this.#powerOn();
    await this.#untilBooted();
  }

  /** QEMU ends at SIGTERM without a word to the guest, and completes the file of the disk; SIGKILL would damage it. */
  async #powerOff(): Promise<void> {
    const qemu = this.#qemu;
    if (qemu === null || qemu.ended) return;
    qemu.child.kill("SIGTERM");
    const timer = setTimeout(() => qemu.child.kill("SIGKILL"), QEMU_STOP_TIMEOUT_MS);
    await qemu.child.status;
    clearTimeout(timer);
  }

  /** Waits until systemd has started everything. A machine that hangs is switched on once more, and this is said. */
  async #untilBooted(): Promise<void> {
    try {
      await this.#untilLoggedIn();
    } catch (error) {
      if (this.#qemu!.ended) throw new Error(`the device went off while it booted\n${await this.#evidence()}`);
      this.#say(`the test device did not boot and is switched on once more: ${(error as Error).message}`);
      await this.#powerOff();
      this.#powerOn();
      await this.#untilLoggedIn().catch(async (again) => {
        throw new Error(`the device did not boot, twice: ${again.message}\n${await this.#evidence()}`);
      });
    }
    // "degraded" is an answer too, with exit code 1.
    await this.sh("systemctl is-system-running --wait || :", { timeoutMs: BOOT_TIMEOUT_MS });
  }

  async #untilLoggedIn(): Promise<void> {
    // A connection from before the network is up hangs, and a busy emulated server needs seconds for its first line.
    let patienceMs = 1000;
    const isUp = await eventually("ssh answers in the device", async () => {
      patienceMs = Math.min(patienceMs * 2, 30_000);
      return this.#qemu!.ended ? "ended" : await this.#ssh!.answers(patienceMs) && "up";
    }, { deadlineMs: BOOT_TIMEOUT_MS, everyMs: 200 });
    if (isUp === "ended") throw new Error("QEMU has ended");
    await this.#ssh!.connect();
  }

  async #evidence(): Promise<string> {
    // After its reason, a kernel panic prints a page that tells nothing more.
    const lines = (text: string) => text.split("Call Trace:")[0]!.trim().split("\n").slice(-25).join("\n");
    return `QEMU: ${lines(await this.#text("qemu.log"))}\nconsole: ${lines(await this.#text("console"))}`;
  }

  async #text(name: string): Promise<string> {
    return await Deno.readTextFile(join(this.#folder, name)).catch(() => "");
  }
}

function report(line: string): void {
  // deno-lint-ignore no-console -- a machine takes long, and says why
  console.error(line);
}

function seconds(begun: number): string {
  return `${((performance.now() - begun) / 1000).toFixed(1)} s`;
}

function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

/** Removes the disks of machines whose test was killed: their folders carry its pid. */
export async function removeLeftovers(parent = Deno.env.get("TMPDIR") ?? "/tmp"): Promise<void> {
  for await (const { name } of Deno.readDir(parent)) {
    const owner = new RegExp(`^${FOLDER_PREFIX}(\\d+)-`).exec(name)?.[1];
    if (owner === undefined || await Deno.stat(`/proc/${owner}`).then(() => true, () => false)) continue;
    await Deno.remove(join(parent, name), { recursive: true }).catch(() => {});
  }
}
