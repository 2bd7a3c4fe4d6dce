/** A real OpenSSH server on a free loopback port, with its own host key, for one user who has one key. */
import { join } from "node:path";
import { eventually } from "./eventually.ts";
import { freePort } from "./demo_daemon.ts";

export class SshServer implements AsyncDisposable {
  /** Of the user who runs the tests. */
  readonly keyFile: string;
  readonly knownHostsFile: string;
  readonly #child: Deno.ChildProcess;

  private constructor(readonly dir: string, readonly port: number, child: Deno.ChildProcess) {
    this.keyFile = join(dir, "key");
    this.knownHostsFile = join(dir, "known_hosts");
    this.#child = child;
  }

  /** Everything of it lies in `dir`, which must not be writable by others. */
  static async start(dir: string, { acceptsVersion2 = true } = {}): Promise<SshServer> {
    const port = await freePort();
    await Deno.mkdir(dir, { mode: 0o700, recursive: true });
    for (const name of ["host", "key"]) await keygen(join(dir, name));
    await Deno.copyFile(join(dir, "key.pub"), join(dir, "authorized_keys"));
    const [type, key] = (await Deno.readTextFile(join(dir, "host.pub"))).split(" ");
    await Deno.writeTextFile(join(dir, "known_hosts"), `[127.0.0.1]:${port} ${type} ${key}\n`);
    const config = [
      `Port ${port}`,
      "ListenAddress 127.0.0.1",
      `HostKey ${join(dir, "host")}`,
      `AuthorizedKeysFile ${join(dir, "authorized_keys")}`,
      `PidFile ${join(dir, "pid")}`,
      "PasswordAuthentication no",
      "KbdInteractiveAuthentication no",
      "PermitRootLogin prohibit-password",
      "StrictModes no",
      "UsePAM no",
      ...(acceptsVersion2 ? ["AcceptEnv GIT_PROTOCOL"] : []),
      // Repositories of the tests belong to whoever made them.
      "SetEnv GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=safe.directory GIT_CONFIG_VALUE_0=*",
      "",
    ];
    await Deno.writeTextFile(join(dir, "config"), config.join("\n"));
    // Root's sshd wants the folder that its package's service makes.
    if (Deno.uid() === 0) await Deno.mkdir("/run/sshd", { recursive: true, mode: 0o755 });
    const child = new Deno.Command("/usr/sbin/sshd", {
      args: ["-D", "-e", "-f", join(dir, "config")],
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
    const server = new SshServer(dir, port, child);
    await eventually("sshd listens", async () => {
      const connection = await Deno.connect({ hostname: "127.0.0.1", port });
      connection.close();
      return true;
    });
    return server;
  }

  /** Of the repository with this path, for the user who runs the tests. */
  url(path: string): string {
    return `ssh://${Deno.env.get("USER") ?? "root"}@127.0.0.1:${this.port}${path}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGTERM");
    await this.#child.status;
  }
}

/** A key pair without a passphrase: `file`, and `file.pub`. */
export async function keygen(file: string): Promise<void> {
  const { success, stderr } = await new Deno.Command("ssh-keygen", {
    args: ["-q", "-t", "ed25519", "-N", "", "-C", "test", "-f", file],
    stdin: "null",
  }).output();
  if (!success) throw new Error(`ssh-keygen: ${new TextDecoder().decode(stderr)}`);
}
