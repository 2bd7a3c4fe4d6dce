/**
 * The main road: a push over git's own smart HTTP, a signed webhook, a real daemon, real processes, a real container.
 */
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { join } from "node:path";
import { busyboxImage } from "../support/docker_image.ts";
import { apartFromUse, TestDevice } from "../support/device.ts";
import { eventually } from "../support/eventually.ts";
import { GitRepository } from "../support/git_repository.ts";
import { GitServer } from "../support/git_server.ts";
import { testNeeding } from "../support/prerequisite.ts";
import { SOON } from "../support/repo_backed_device.ts";
import { tempDir } from "../support/temp.ts";

const SECRET = "It's a Secret to Everybody";

await testNeeding(
  ["git"],
  "a push wakes the device by a signed webhook, and only what changed is touched",
  async () => {
    await using dir = await tempDir();
    await using server = await GitServer.start(dir.path);
    const repository = await GitRepository.create(join(dir.path, "fleet"));
    await repository.write("services/greeter.toml", service('echo "version 1"'));
    await repository.write("services/clock.toml", service("echo tick"));
    await repository.commit("Begin");
    await using device = await TestDevice.start({
      root: dir.path,
      repository: server.url("fleet"),
      // Only the webhook can be what brings the second revision in time.
      repo: ['interval = "1h"'],
      extra: ["[webhook]", `secret = "${SECRET}"`],
    });
    const greeter = await device.until(
      "greeter",
      (workload) => workload.phase === "running" && workload.sync === "synced",
    );
    const clock = await device.until("clock", (workload) => workload.phase === "running" && workload.sync === "synced");

    await repository.write("services/greeter.toml", service('echo "version 2"'));
    const pushed = await repository.commit("Say version 2");
    const answer = await deliver(device, { ref: "refs/heads/main", repository: { full_name: "me/fleet" } });
    assert.equal(answer.status, 202);

    const changed = await device.until(
      "greeter",
      (workload) => workload.phase === "running" && workload.sync === "synced" && workload.revision !== null,
    );
    await eventually("the greeter is another process", async () => {
      const now = await device.workload("greeter");
      return now?.instances[0]?.pid !== greeter.instances[0]?.pid && now?.phase === "running" &&
        now.revision === pushed;
    });
    assert.equal(changed.kind, "service");
    const after = await device.until("clock", (workload) => workload.revision === pushed);
    assert.equal(after.instances[0]?.pid, clock.instances[0]?.pid);
    assert.equal(after.instances[0]?.restarts, 0);
    await eventually("it has said so", async () => {
      const { out } = await device.cli("logs", "greeter", "--tail", "1");
      return out.trim() === "version 2";
    });
    const delivered = (await device.status())?.deliveries.at(-1);
    assert.equal(delivered?.verdict, "accepted");
  },
);

await testNeeding(
  ["git", "docker", "busybox"],
  "a container that a push does not change keeps its id, and so it does when the daemon is killed",
  async () => {
    await using dir = await tempDir();
    await using image = await busyboxImage();
    await using server = await GitServer.start(dir.path);
    const repository = await GitRepository.create(join(dir.path, "fleet"));
    await repository.write("services/greeter.toml", service("echo 1"));
    await repository.write("deployments/box.toml", deployment(image.name, "1"));
    await repository.commit("Begin");
    await using device = await TestDevice.start({ root: dir.path, repository: server.url("fleet") });
    await device.until("greeter", (workload) => workload.phase === "running");
    const box = await device.until("box", (workload) => workload.phase === "running" && workload.health === "healthy");

    await repository.write("services/greeter.toml", service("echo 2"));
    const second = await repository.commit("Change the service");
    await eventually("all of the second revision is well", async () => {
      const source = (await device.status())?.source;
      return source?.applied === second && source.healthy === second;
    });
    const same = await device.until("box", (workload) => workload.revision !== null);
    assert.equal((await device.workload("box"))?.instances[0]?.container_id, box.instances[0]?.container_id);
    assert.equal(same.instances[0]?.container_id, box.instances[0]?.container_id);

    const before = (await device.status())?.workloads.map(apartFromUse);
    await device.killDaemon();
    await device.startDaemon();
    for (const name of ["box", "greeter"]) await device.until(name, (workload) => workload.health === "healthy");
    assert.deepEqual((await device.status())?.workloads.map(apartFromUse), before);

    await repository.write("deployments/box.toml", deployment(image.name, "2"));
    await repository.commit("Change the deployment");
    await eventually("the container is another one", async () => {
      const now = await device.workload("box");
      return now?.sync === "synced" && now.phase === "running" &&
        now.instances[0]?.container_id !== box.instances[0]?.container_id;
    });
  },
);

await testNeeding(["git"], "a killed daemon takes nothing with it, and the next one knows the exit codes", async () => {
  await using dir = await tempDir();
  const repository = await GitRepository.create(join(dir.path, "fleet"));
  await repository.write("services/steady.toml", service("echo steady"));
  await repository.write(
    "services/brief.toml",
    [
      `command = ["/bin/sh", "-c", "while [ ! -e ${dir.path}/end ]; do sleep 0.05; done; exit 7"]`,
      'restart = "never"',
    ].join("\n"),
  );
  await repository.commit("Begin");
  await using device = await TestDevice.start({ root: dir.path, repository: repository.dir });
  const steady = await device.until("steady", (workload) => workload.phase === "running");
  const brief = await device.until("brief", (workload) => workload.phase === "running");

  await device.killDaemon();
  await Deno.writeTextFile(join(dir.path, "end"), "");
  const pid = brief.instances[0]!.pid!;
  await eventually("the brief service has ended", () => Deno.stat(`/proc/${pid}`).then(() => false, () => true));
  await device.startDaemon();

  const adopted = await device.until("steady", (workload) => workload.phase === "running");
  assert.deepEqual(apartFromUse(adopted), apartFromUse(steady));
  assert.equal(adopted.instances[0]?.restarts, 0);
  const ended = await device.until("brief", (workload) => workload.phase === "failed");
  assert.equal(ended.instances[0]?.exit_code, 7);
});

await testNeeding(["git"], "a manifest with three mistakes harms its own workload alone", async () => {
  await using dir = await tempDir();
  const repository = await GitRepository.create(join(dir.path, "fleet"));
  await repository.write("services/web.toml", service("echo web"));
  await repository.write("services/other.toml", service("echo other"));
  await repository.commit("Begin");
  await using device = await TestDevice.start({ root: dir.path, repository: repository.dir });
  const web = await device.until("web", (workload) => workload.phase === "running");
  const other = await device.until("other", (workload) => workload.phase === "running" && workload.sync === "synced");

  await repository.write(
    "services/web.toml",
    'comand = ["/bin/sh"]\nrestart = "allways"\nstop_timeout = 10\n',
  );
  await repository.remove("services/other.toml");
  await repository.write("services/third.toml", service("echo third"));
  await repository.commit("Three mistakes, one removal, one new");
  const invalid = await device.until("web", (workload) => workload.phase === "invalid");
  assert.deepEqual(apartFromUse(invalid), apartFromUse(web));
  const places = invalid.problems.map((problem) =>
    `${problem.file}:${problem.line}:${problem.column} ${problem.field}`
  );
  for (const place of ["1:1 comand", "2:1 restart", "3:1 stop_timeout"]) {
    const [position, field] = place.split(" ") as [string, string];
    const line = position.split(":")[0];
    assert.ok(
      places.some((one) => one.startsWith(`services/web.toml:${line}:`) && one.endsWith(field)),
      `${place} in ${places}`,
    );
  }
  await device.until("third", (workload) => workload.phase === "running");
  const status = await device.status();
  assert.deepEqual(status?.pending_removal?.names, ["other"]);
  const listed = await device.cli("prune");
  assert.equal(listed.code, 0, listed.err);
  assert.match(
    listed.out,
    /:\n {2}other\nwhy: nothing is removed [^]*services\/web\.toml\)\nhint: correct the manifests/,
  );
  const alive = await Deno.stat(`/proc/${other.instances[0]!.pid}`).then(() => true, () => false);
  assert.ok(alive, "the service that the broken revision removed was stopped");
});

function service(say: string): string {
  return `command = ["/bin/sh", "-c", '${say}; exec sleep 3600']\nstop_timeout = "2s"\n${SOON}`;
}

function deployment(image: string, version: string): string {
  return [
    `image = "${image}"`,
    'command = ["/bin/busybox", "sleep", "3600"]',
    'stop_timeout = "1s"',
    SOON,
    "[env]",
    `VERSION = "${version}"`,
    "",
  ].join("\n");
}

async function deliver(device: TestDevice, payload: unknown): Promise<Response> {
  const body = JSON.stringify(payload);
  const signature = createHmac("sha256", SECRET).update(body).digest("hex");
  const answer = await fetch(`http://127.0.0.1:${device.port}/webhook`, {
    method: "POST",
    headers: { "x-github-event": "push", "x-hub-signature-256": `sha256=${signature}` },
    body,
  });
  await answer.body?.cancel();
  return answer;
}
