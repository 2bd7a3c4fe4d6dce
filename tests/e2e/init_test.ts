/** The daemon where it finds an unusual world: as pid 1, and started to ignore signals. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { join } from "node:path";
import { eventually } from "../support/eventually.ts";
import { GitRepository } from "../support/git_repository.ts";
import { testNeeding } from "../support/prerequisite.ts";
import { tempDir } from "../support/temp.ts";

const MAIN = new URL("../../src/main.ts", import.meta.url).pathname;

async function configWith(root: string, script: string): Promise<string> {
  const repository = await GitRepository.create(join(root, "repository"));
  const command = JSON.stringify(["/bin/sh", "-c", script]);
  await repository.write("services/one.toml", `command = ${command}\nuser = "root"\n`);
  await repository.commit("one service");
  const config = join(root, "config.toml");
  await Deno.writeTextFile(
    config,
    `listen_port = 0\nlisten_address = "127.0.0.1"\n[repo]\nurl = "${repository.dir}"\n[runtime]\ndocker_enabled = false\n[policy]\nallow_root = true\n`,
  );
  return config;
}

/**
 * A daemon that is pid 1 of a namespace of its own, with a /run of its own. Everything in it ends with it.
 *
 * `before` is shell code that runs in the process that becomes the daemon.
 */
function daemonAsInit(config: string, before = ":") {
  const shell = `mount -t tmpfs none /run && ${before} && exec "$0" run -A --quiet ${MAIN} run --config ${config}`;
  const args = ["--pid", "--fork", "--kill-child", "--mount-proc", "sh", "-c", shell, Deno.execPath()];
  const child = spawn("unshare", args, { stdio: ["ignore", "ignore", "ignore"] });
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  return {
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await ended;
    },
  };
}

await testNeeding(
  ["root", "git"],
  "a daemon that is pid 1 leaves no zombie of what a service left behind",
  async () => {
    await using dir = await tempDir();
    const out = join(dir.path, "states");
    // Each round forks one that ends as an orphan; the service counts the zombies among all processes it can see.
    const script = `while :; do
    (sh -c 'exit 3' & ); sleep 0.1
    cat /proc/[0-9]*/stat 2>/dev/null | grep -c ') Z 1 ' >${out}.new; mv ${out}.new ${out}; echo x >>${out}.rounds
  done`;
    await using _daemon = daemonAsInit(await configWith(dir.path, script));
    const rounds = async () => (await Deno.readTextFile(`${out}.rounds`)).length / 2;
    await eventually("thirty orphans have ended", async () => await rounds() > 30);
    const most = await eventually("they are reaped", async () => {
      const count = Number(await Deno.readTextFile(out));
      return count < 25 && await rounds() > 45 && String(count);
    });
    assert.ok(Number(most) < 25, most);
  },
);

await testNeeding(
  ["root", "git"],
  "a service can be told to hang up though the daemon was started by nohup",
  async () => {
    await using dir = await tempDir();
    const out = join(dir.path, "ignored");
    const config = await configWith(dir.path, `grep SigIgn /proc/self/status >${out}; exec sleep 1000`);
    await using _daemon = daemonAsInit(config, "trap '' HUP INT QUIT");
    const line = await eventually("the service has looked", async () => {
      const text = await Deno.readTextFile(out);
      return text.endsWith("\n") && text;
    });
    assert.equal(Number.parseInt(line.trim().slice(-1), 16) & 7, 0, line);
  },
);
