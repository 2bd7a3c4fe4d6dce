/**
 * A device's life with the executables that users get, from HARBORNODE_TEST_DIST: natively, and the one for arm64 under
 * qemu-user. That proves that it is whole, that it finds and calls arm64's C library, and that all of it goes to the
 * kernel in arm64's words. It proves nothing of an arm64 kernel, of speed, or of memory; and what it starts beside
 * itself, shells and services, are programs of this machine.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { TestDevice } from "../support/device.ts";
import { eventually } from "../support/eventually.ts";
import { GitRepository } from "../support/git_repository.ts";
import { GitServer } from "../support/git_server.ts";
import { type Prerequisite, testNeeding } from "../support/prerequisite.ts";
import { emulated } from "../support/qemu_user.ts";
import { tempDir } from "../support/temp.ts";

const SERVICE = 'command = ["sleep", "infinity"]\n';
/** Nobody starts it again: that it ended is seen only where its end is told (`runtime/native/process/exit_watcher.ts`). */
const ONCE = `${SERVICE}restart = "never"\n`;

const TARGETS: { target: string; needs: Prerequisite[] }[] = Deno.build.arch === "x86_64"
  ? [{ target: "x86_64", needs: [] }, { target: "aarch64", needs: ["root", "qemu-aarch64"] }]
  : [{ target: Deno.build.arch, needs: [] }];

for (const { target, needs } of TARGETS) {
  await testNeeding(
    ["dist", "git", ...needs],
    `the ${target} executable syncs, serves its page, is killed and adopts, is told of ends, and goes down`,
    () => story(target),
  );
}

async function story(target: string): Promise<void> {
  const dist = Deno.env.get("HARBORNODE_TEST_DIST")!;
  const executable = await Deno.realPath(join(dist, `harbornode-linux-${target}`));
  await using program = target === Deno.build.arch ? null : await emulated(executable);
  await using dir = await tempDir();
  const repository = await GitRepository.create(join(dir.path, "served/fleet"));
  await repository.write("services/ticker.toml", SERVICE);
  await repository.write("services/once.toml", ONCE);
  const revision = await repository.commit("two services");
  await using server = await GitServer.start(join(dir.path, "served"));

  const service = await (async () => {
    const command = program?.command ?? [executable];
    await using device = await TestDevice.start({ root: dir.path, repository: server.url("fleet"), command });

    await device.until("once", (it) => it.phase === "running");
    const { instances: [began] } = await device.until("ticker", (it) => it.phase === "running" && it.sync === "synced");
    const { device: shown, source } = (await device.status())!;
    assert.equal(shown.arch, target);
    assert.equal(source.applied, revision);
    const page = await (await fetch(`http://127.0.0.1:${device.port}/`)).text();
    assert.match(page, /ticker/);
    const pid = began!.pid!;
    const identity = await startOf(pid);

    await device.killDaemon();
    assert.equal(await startOf(pid), identity, "it runs on without a daemon");
    // The slowest under qemu are starts, so there are two at once.
    const [said] = await Promise.all([versionOf(command), device.startDaemon()]);
    const { instances: adopted } = await device.until("ticker", (it) => it.phase === "running");
    assert.deepEqual(adopted.map((instance) => [instance.pid, instance.started_at, instance.restarts]), [[
      pid,
      began!.started_at,
      0,
    ]]);
    assert.equal(await startOf(pid), identity);

    const { instances: [once] } = await device.until("once", (it) => it.phase === "running");
    Deno.kill(once!.pid!, "SIGKILL");
    await device.until("once", (it) => it.phase === "failed");

    const [, version, commit] = /^# harbornode (\S+) (\S+)$/m.exec(await Deno.readTextFile(join(dist, "SHA256SUMS")))!;
    assert.ok(said.startsWith(`harbornode ${version} (${commit}) ${target}-unknown-linux-gnu`), said);
    return pid;
  })();
  await eventually("the service is gone after down", async () => await startOf(service) === null);
}

async function versionOf([program, ...words]: string[]): Promise<string> {
  const { stdout } = await new Deno.Command(program!, { args: [...words, "version"], stdin: "null" }).output();
  return new TextDecoder().decode(stdout);
}

/** When a process began, in ticks since boot; null when there is none. */
async function startOf(pid: number): Promise<string | null> {
  const stat = await Deno.readTextFile(`/proc/${pid}/stat`).catch(() => null);
  return stat?.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? null;
}
