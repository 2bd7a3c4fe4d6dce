/** One daemon and its owner: the lock, boots without a repository, holds, restarts, what is missing. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { apartFromUse, TestDevice } from "../support/device.ts";
import { eventually } from "../support/eventually.ts";
import { GitRepository } from "../support/git_repository.ts";
import { testNeeding } from "../support/prerequisite.ts";
import { SOON } from "../support/repo_backed_device.ts";
import { tempDir } from "../support/temp.ts";

const SLEEPER = 'command = ["/bin/sleep", "3600"]\nstop_timeout = "2s"\n';

async function fleet(root: string, names: string[]): Promise<GitRepository> {
  const repository = await GitRepository.create(join(root, "fleet"));
  for (const name of names) await repository.write(`services/${name}.toml`, SLEEPER);
  await repository.commit("Begin");
  return repository;
}

async function isAlive(pid: number | null | undefined): Promise<boolean> {
  return await Deno.stat(`/proc/${pid}`).then(() => true, () => false);
}

await testNeeding(["git"], "a second daemon on one data_dir ends with exit code 5 and names the first", async () => {
  await using dir = await tempDir();
  const repository = await fleet(dir.path, ["web"]);
  await using device = await TestDevice.start({ root: dir.path, repository: repository.dir });
  const second = await device.cli("run");
  assert.equal(second.code, 5);
  assert.match(second.err, new RegExp(`another daemon \\(pid ${device.daemonPid}\\) holds`));
});

await testNeeding(["git"], "a boot without the repository starts everything from disk", async () => {
  await using dir = await tempDir();
  const repository = await fleet(dir.path, ["web"]);
  await using device = await TestDevice.start({ root: dir.path, repository: repository.dir });
  const before = await device.until("web", (workload) => workload.phase === "running" && workload.sync === "synced");
  await device.stopDaemon();
  await Deno.rename(repository.dir, `${repository.dir}.gone`);
  Deno.kill(before.instances[0]!.pid!, "SIGKILL");
  await eventually("the service is dead", async () => !await isAlive(before.instances[0]?.pid));

  await device.startDaemon();
  const after = await device.until(
    "web",
    (workload) => workload.phase === "running" && workload.instances[0]?.pid !== null,
  );
  assert.notEqual(after.instances[0]?.pid, before.instances[0]?.pid);
  // It is started before the repository is looked for.
  const source = await eventually("the repository is missed", async () => {
    const { source } = (await device.status())!;
    return source.sync === "failed" && source;
  });
  assert.equal(source.error?.reason, "repo_not_found");
});

await testNeeding(
  ["git"],
  "a repository that is suddenly empty stops nothing until the owner confirms it",
  async () => {
    await using dir = await tempDir();
    const repository = await fleet(dir.path, ["a", "b"]);
    await using device = await TestDevice.start({ root: dir.path, repository: repository.dir });
    const a = await device.until("a", (workload) => workload.phase === "running");
    const b = await device.until("b", (workload) => workload.phase === "running");
    const none = await device.cli("prune");
    assert.deepEqual([none.code, none.out.trim()], [0, "no removal is pending"]);
    await repository.remove("services/a.toml");
    await repository.remove("services/b.toml");
    await repository.write("README.md", "nothing here");
    const empty = await repository.commit("Empty");
    await eventually(
      "the removal is pending",
      async () => (await device.status())?.pending_removal?.names.length === 2,
    );
    assert.ok(await isAlive(a.instances[0]?.pid) && await isAlive(b.instances[0]?.pid));

    const short = empty.slice(0, 7);
    const listed = await device.cli("prune");
    assert.equal(listed.code, 0, listed.err);
    assert.equal(
      listed.out,
      `pending removal, as of revision ${short}:\n  a\n  b\nwhy: the revision asks for no workload at all\n` +
        `hint: run "harbornode prune --confirm ${short}"; volumes and data stay\n`,
    );
    assert.ok(await isAlive(a.instances[0]?.pid) && await isAlive(b.instances[0]?.pid), "a list removes nothing");
    const other = await device.cli("prune", "--confirm", a.revision!.slice(0, 7));
    assert.equal(other.code, 1);
    assert.match(other.err, /the pending removal is of revision [0-9a-f]{7}, not of /);
    assert.ok(await isAlive(a.instances[0]?.pid));
    const confirmed = await device.cli("prune", "--confirm", short);
    assert.equal(confirmed.out.trim(), "removing a, b; volumes and data stay");
    await eventually(
      "both are gone",
      async () => !await isAlive(a.instances[0]?.pid) && !await isAlive(b.instances[0]?.pid),
    );
  },
);

await testNeeding(["git"], "restart replaces the process, and sync --wait tells when all is well", async () => {
  await using dir = await tempDir();
  const repository = await fleet(dir.path, ["web"]);
  await using device = await TestDevice.start({
    root: dir.path,
    repository: repository.dir,
    repo: ['interval = "1h"'],
  });
  const before = await device.until("web", (workload) => workload.phase === "running" && workload.health === "healthy");
  assert.equal((await device.cli("restart", "web")).code, 0);
  const after = await device.until(
    "web",
    (workload) => workload.phase === "running" && workload.instances[0]?.pid !== null && workload.reason === "running",
  );
  await eventually(
    "another process runs",
    async () => (await device.workload("web"))?.instances[0]?.pid !== before.instances[0]?.pid,
  );
  assert.equal(after.instances[0]?.restarts, 0);
  const unknown = await device.cli("restart", "wbe");
  assert.equal(unknown.code, 1);
  assert.match(unknown.err, /there is no workload "wbe" on this device\n {2}hint: this device has: web/);

  await repository.write("services/new.toml", `${SLEEPER}${SOON}`);
  const pushed = await repository.commit("Add one");
  const planned = await device.cli("plan", "--exit-code");
  assert.equal(planned.code, 10, planned.err);
  assert.match(planned.out, /\+ start new\[0\]\n {6}created: /);
  const synced = await device.cli("sync", "--wait");
  assert.equal(synced.code, 0, synced.err);
  assert.equal(synced.out.trim(), `revision ${pushed.slice(0, 7)} is applied, all 2 workloads are healthy`);
  assert.equal((await device.cli("plan", "--exit-code")).code, 0);
});

await testNeeding(["git"], "a service that keeps ending backs off, is counted, and harms no other", async () => {
  await using dir = await tempDir();
  const repository = await fleet(dir.path, ["steady"]);
  await repository.write("services/flaky.toml", 'command = ["/bin/sh", "-c", "echo going down; exit 3"]\n');
  await repository.write("services/ghost.toml", 'command = ["/no/such/program"]\n');
  await repository.commit("Add two that fail");
  await using device = await TestDevice.start({ root: dir.path, repository: repository.dir });
  const flaky = await device.until(
    "flaky",
    (workload) => workload.reason === "crash_loop" && workload.instances[0]!.restarts >= 2,
  );
  assert.equal(flaky.instances[0]?.exit_code, 3);
  assert.equal(flaky.phase, "backoff");
  const ghost = await device.until("ghost", (workload) => workload.phase === "blocked");
  assert.equal(ghost.reason, "command_not_found");
  assert.match(ghost.message, /"\/no\/such\/program"/);
  const steady = await device.until(
    "steady",
    (workload) => workload.phase === "running" && workload.health === "healthy",
  );
  assert.equal(steady.instances[0]?.restarts, 0);
});

await testNeeding(
  ["git"],
  "a deployment without Docker is blocked with the reason, and a service beside it runs",
  async () => {
    await using dir = await tempDir();
    const repository = await fleet(dir.path, ["web"]);
    await repository.write("deployments/box.toml", 'image = "box:1"\n');
    await repository.commit("Add a deployment");
    await using device = await TestDevice.start({
      root: dir.path,
      repository: repository.dir,
      extra: ["[docker]", `host = "unix://${dir.path}/no-docker.sock"`],
    });
    const box = await device.until("box", (workload) => workload.phase === "blocked");
    assert.deepEqual([box.sync, box.health, box.reason], ["unknown", "unknown", "docker_unavailable"]);
    await device.until("web", (workload) => workload.phase === "running");
  },
);

await testNeeding(["git"], "losing the state costs history, and restarts nothing", async () => {
  await using dir = await tempDir();
  const repository = await fleet(dir.path, ["web"]);
  await using device = await TestDevice.start({ root: dir.path, repository: repository.dir });
  const before = await device.until("web", (workload) => workload.phase === "running" && workload.sync === "synced");
  await device.killDaemon();
  await Deno.remove(join(device.dataDir, "state"), { recursive: true });
  await device.startDaemon();
  const after = await device.until("web", (workload) => workload.phase === "running" && workload.sync === "synced");
  assert.deepEqual(apartFromUse(after), apartFromUse(before));
});

await testNeeding(
  ["git"],
  "down stops every workload and the daemon, which says that it wants to stay down",
  async () => {
    await using dir = await tempDir();
    const repository = await fleet(dir.path, ["a", "b"]);
    await using device = await TestDevice.start({ root: dir.path, repository: repository.dir });
    const a = await device.until("a", (workload) => workload.phase === "running");
    const b = await device.until("b", (workload) => workload.phase === "running");
    const down = await device.cli("down");
    assert.deepEqual([down.code, down.out.trim()], [0, "stopped a, b"]);
    await eventually("the daemon has ended", () => device.exitCode !== null);
    assert.equal(device.exitCode, 6);
    assert.ok(!await isAlive(a.instances[0]?.pid) && !await isAlive(b.instances[0]?.pid));
  },
);
