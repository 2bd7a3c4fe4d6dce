/** A throw-away place where the blocks of a page are typed into a shell, as they stand there. */
import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { tempDir } from "../support/temp.ts";

const SOURCE = new URL("../../src/main.ts", import.meta.url).pathname;

export class Stage implements AsyncDisposable {
  readonly #children = new Set<{ child: ChildProcess; ended: Promise<unknown> }>();
  readonly env: Record<string, string>;

  private constructor(readonly path: string, readonly dispose: () => PromiseLike<void>) {
    this.env = {
      PATH: `${path}/bin:${Deno.env.get("PATH")}`,
      TMPDIR: `${path}/tmp`,
      // Nothing of whoever runs the tests has a word here.
      GIT_CONFIG_GLOBAL: `${path}/gitconfig`,
      GIT_CONFIG_NOSYSTEM: "1",
      NO_COLOR: "1",
    };
  }

  /** With `harbornode` from source, and `npx deno@...` as the Deno that runs this. */
  static async create(): Promise<Stage> {
    const dir = await tempDir();
    const stage = new Stage(dir.path, () => dir[Symbol.asyncDispose]());
    for (const name of ["bin", "tmp", "work"]) await Deno.mkdir(join(dir.path, name));
    // What runs as users of its own passes through it.
    await Deno.chmod(join(dir.path, "tmp"), 0o711);
    await Deno.writeTextFile(stage.env.GIT_CONFIG_GLOBAL!, "");
    const deno = Deno.execPath();
    await stage.program("harbornode", `exec ${deno} run -A --quiet ${SOURCE} "$@"`);
    await stage.program(
      "npx",
      `[ "$1" = -y ] || exit 9\ncase $2 in deno@*) shift 2 && exec ${deno} "$@" ;; *) exit 9 ;; esac`,
    );
    return stage;
  }

  /** Where blocks begin. */
  get work(): string {
    return join(this.path, "work");
  }

  /** Puts a program in front of the machine's own. */
  async program(name: string, body: string): Promise<void> {
    await Deno.writeTextFile(join(this.path, "bin", name), `#!/bin/sh\n${body}\n`, { mode: 0o755 });
  }

  /** To its end. `said` has both outputs, in no order between them. */
  async run(text: string, { cwd = this.work, env = {} }: { cwd?: string; env?: Record<string, string> } = {}) {
    const { code, stdout, stderr } = await new Deno.Command("sh", {
      args: ["-e", "-c", text],
      cwd,
      env: { ...this.env, ...env },
      stdin: "null",
    }).output();
    const [out, err] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes)) as [string, string];
    return { code, out, said: out + err };
  }

  /** In a session of its own, until it ends or `interrupt` ends it, as Ctrl-C does. */
  start(text: string) {
    const child = spawn("setsid", ["sh", "-c", text], {
      cwd: this.work,
      env: { ...Deno.env.toObject(), ...this.env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let message = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (bytes) => message += String(bytes));
    const ended = new Promise((resolve) => child.once("close", resolve));
    const running = { child, ended };
    this.#children.add(running);
    return {
      said: () => message,
      interrupt: async () => {
        if (child.exitCode === null) Deno.kill(-child.pid!, "SIGINT");
        await ended;
        this.#children.delete(running);
      },
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { child, ended } of this.#children) {
      if (child.exitCode === null) Deno.kill(-child.pid!, "SIGINT");
      await ended;
    }
    await this.dispose();
  }
}
