/**
 * What install.sh installs into: a folder in place of /, a release on loopback, and a PATH with nothing in it but the
 * programs that a small Debian has, behind stubs for those that would reach the machine itself. Stubs note how they were
 * called.
 */
import { join } from "node:path";
import { tempDir } from "../support/temp.ts";

export const ROOT = new URL("../../", import.meta.url);
export const SCRIPT = await Deno.readTextFile(new URL("install.sh", ROOT));
export const UNIT = await Deno.readTextFile(new URL("systemd/harbornode.service", ROOT));
export const REPO = ["--repo", "https://git.example.org/me/fleet.git"];
export const ASSET = `harbornode-linux-${Deno.build.arch}`;
export const DEVICE_ID = "0123456789abcdef";

const PROGRAMS = "cat chmod curl cut find getconf grep gzip head id install ln ls mkdir mktemp mv od rm rmdir sed sh " +
  "sha256sum test touch tr uname wget";

export interface Said {
  code: number;
  message: string;
}

export interface InstallOptions {
  env?: Record<string, string>;
  script?: string;
  /** Program and first arguments, up to where it reads the script from its input. */
  shell?: string[];
}

export class Target implements AsyncDisposable {
  readonly served = new Map<string, string | Uint8Array<ArrayBuffer>>();
  readonly requested: string[] = [];
  readonly root: string;
  readonly tools: string;
  readonly #stubs: string;
  readonly #server: Deno.HttpServer<Deno.NetAddr>;

  private constructor(readonly dir: { path: string } & AsyncDisposable) {
    this.root = join(dir.path, "root");
    this.tools = join(dir.path, "tools");
    this.#stubs = join(dir.path, "stubs");
    this.#server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
      const { pathname } = new URL(request.url);
      this.requested.push(pathname.slice(1));
      const body = this.served.get(pathname.slice(1));
      return body === undefined ? new Response("no", { status: 404 }) : new Response(body);
    });
  }

  /** With systemd, and version 1.0.0 to be had. */
  static async make(): Promise<Target> {
    const target = new Target(await tempDir());
    for (const directory of [`${target.root}/run/systemd/system`, target.tools, target.#stubs]) {
      await Deno.mkdir(directory, { recursive: true });
    }
    for (const name of PROGRAMS.split(" ")) await target.borrow(name);
    await target.stub("id", "echo 0");
    await target.stub("ip", "");
    await target.stub("journalctl", "echo 'error: the port is taken'");
    const state = join(target.dir.path, "state");
    await Deno.mkdir(state);
    // A unit or an executable with the word BROKEN in it does not get ready.
    await target.stub(
      "systemctl",
      `cd ${state}; case $1 in
is-active) test -e active ;;
is-enabled) test -e enabled ;;
enable) touch enabled ;;
disable) rm -f enabled active ;;
show) cat pid 2>/dev/null ;;
restart) rm -f active; cat ${target.root}/usr/local/bin/harbornode ${target.root}/etc/systemd/system/*.service |
  grep -q BROKEN && exit 1; touch active ;;
esac`,
    );
    await target.release("1.0.0");
    return target;
  }

  /** Puts a program in front of the others; its calls are noted. */
  async stub(name: string, body: string): Promise<void> {
    const text = `#!/bin/sh\necho "$*" >>"${this.#stubs}/${name}.calls"\n${body}\n`;
    await Deno.writeTextFile(`${this.#stubs}/${name}`, text, { mode: 0o755 });
  }

  async remove(program: string): Promise<void> {
    await Deno.remove(`${this.tools}/${program}`);
  }

  /** The lines with which a stub was called; of the installed executable as well, as "harbornode". */
  async called(name: string): Promise<string[]> {
    const text = await Deno.readTextFile(`${this.#stubs}/${name}.calls`).catch(() => "");
    return text.split("\n").filter((line) => line !== "");
  }

  /** An executable that says its version and a recipient, as text. */
  executable(version: string, more = ""): string {
    return `#!/bin/sh\necho "$*" >>"${this.#stubs}/harbornode.calls"\n` +
      `case $1 in version) echo "harbornode ${version} (abc1234) linux, deno 2.9.6" ;; ` +
      `secret) echo age1recipient ;; status) echo "lamp  running  healthy" ;; esac\n${more}\n`;
  }

  /** What the release holds from now on. `folder` ends with "/". */
  async release(version: string, { executable = this.executable(version), folder = "" } = {}): Promise<void> {
    const gz = await new Response(new Blob([executable]).stream().pipeThrough(new CompressionStream("gzip"))).bytes();
    this.served.set(`${folder}${ASSET}`, executable);
    this.served.set(`${folder}${ASSET}.gz`, gz);
    const lines = [
      `# harbornode ${version} abc1234`,
      `${await sha256(executable)}  ${ASSET}`,
      `${await sha256(gz)}  ${ASSET}.gz`,
      `${"0".repeat(64)}  harbornode-linux-other`,
    ];
    this.served.set(`${folder}SHA256SUMS`, lines.join("\n") + "\n");
  }

  get origin(): string {
    return `http://127.0.0.1:${this.#server.addr.port}`;
  }

  environment(more: Record<string, string> = {}): Record<string, string> {
    return {
      PATH: `${this.#stubs}:${this.tools}`,
      TMPDIR: this.dir.path,
      HARBORNODE_ROOT: this.root,
      HARBORNODE_BASE_URL: this.origin,
      ...more,
    };
  }

  /** As `curl ... | sh -s -- ARGS` does. */
  async install(args: string[], { env, script = SCRIPT, shell = ["/bin/sh"] }: InstallOptions = {}): Promise<Said> {
    const [program, ...first] = shell;
    const child = new Deno.Command(program!, {
      args: [...first, "-s", "--", ...args],
      clearEnv: true,
      env: this.environment(env),
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const written = new Response(script).body!.pipeTo(child.stdin).catch(() => {});
    const { code, stdout, stderr } = await child.output();
    await written;
    const text = new TextDecoder();
    return { code, message: text.decode(stdout) + text.decode(stderr) };
  }

  /** What the daemon would have left there. */
  async runDaemon(data = "etc/harbornode/data"): Promise<void> {
    await this.write(`${data}/device.json`, `{"version": 1, "value": {"id": "${DEVICE_ID}"}}`);
    for (const file of ["state/source.json", "repository.old/HEAD", "services/lamp/kept", "lock"]) {
      await this.write(`${data}/${file}`, "");
    }
    await this.write(`run/harbornode/${DEVICE_ID}/instance/notes`, "");
    await this.write(`run/harbornode/${DEVICE_ID}.credentials/key`, "");
  }

  read(path: string): Promise<string> {
    return Deno.readTextFile(`${this.root}/${path}`);
  }

  async write(path: string, text: string): Promise<void> {
    await Deno.mkdir(join(this.root, path, ".."), { recursive: true });
    await Deno.writeTextFile(join(this.root, path), text);
  }

  async mode(path: string): Promise<string> {
    return ((await Deno.stat(`${this.root}/${path}`)).mode! & 0o777).toString(8);
  }

  /** Every file below the root with what is in it, and every folder, apart from run/systemd. */
  async files(directory = ""): Promise<string[]> {
    const found: string[] = [];
    for await (const { name, isDirectory } of Deno.readDir(`${this.root}/${directory}`)) {
      const path = `${directory}${name}`;
      if (path === "run/systemd") continue;
      if (isDirectory) found.push(path, ...await this.files(`${path}/`));
      else found.push(`${path}: ${await this.read(path)}`);
    }
    return found.sort();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
    await this.dir[Symbol.asyncDispose]();
  }

  /** A program of this machine for the PATH. */
  async borrow(name: string): Promise<void> {
    for (const directory of ["/bin", "/usr/bin", "/usr/local/bin"]) {
      const isThere = await Deno.stat(`${directory}/${name}`).then(() => true, () => false);
      if (!isThere) continue;
      await Deno.remove(`${this.tools}/${name}`).catch(() => {});
      return await Deno.symlink(`${directory}/${name}`, `${this.tools}/${name}`);
    }
  }
}

async function sha256(bytes: string | Uint8Array<ArrayBuffer>): Promise<string> {
  const data = typeof bytes === "string" ? new TextEncoder().encode(bytes) : bytes;
  return new Uint8Array(await crypto.subtle.digest("SHA-256", data)).toHex();
}
