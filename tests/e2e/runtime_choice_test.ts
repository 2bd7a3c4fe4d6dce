/** One manifest, two ways to run, on a real device: with Docker switched off, silent, there, and coming back. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { TestDevice } from "../support/device.ts";
import { busyboxImage, dockerCall } from "../support/docker_image.ts";
import { eventually } from "../support/eventually.ts";
import { GitRepository } from "../support/git_repository.ts";
import { DOCKER_SOCKET, testNeeding } from "../support/prerequisite.ts";
import { tempDir } from "../support/temp.ts";

const SLEEP = '["/bin/sleep", "3600"]';

function manifest({ preferred, image = "harbornode-test:none", level = 1 }: {
  preferred: "native" | "container";
  image?: string;
  level?: number;
}): string {
  return [
    `preferred = "${preferred}"`,
    'stop_timeout = "1s"',
    `env = { LEVEL = ${level} }`,
    "[native]",
    `command = ${SLEEP}`,
    "[container]",
    `image = "${image}"`,
    `command = ${SLEEP}`,
    "",
  ].join("\n");
}

async function fleet(root: string, text: string): Promise<GitRepository> {
  const repository = await GitRepository.create(join(root, "fleet"));
  await repository.write("services/web.toml", text);
  await repository.commit("Begin");
  return repository;
}

await testNeeding(["git"], "with Docker switched off, a workload with both modes is native, and says why", async () => {
  await using dir = await tempDir();
  const repository = await fleet(dir.path, manifest({ preferred: "container" }));
  await using device = await TestDevice.start({
    root: dir.path,
    repository: repository.dir,
    extra: ["[runtime]", "docker_enabled = false"],
  });
  const web = await device.until("web", (workload) => workload.phase === "running" && workload.sync === "synced");
  assert.equal(web.runtime, "native");
  assert.deepEqual(web.mode, { chosen: "native", reason: "the settings switch docker off" });
  const page = await (await fetch(`http://127.0.0.1:${device.port}/workloads/web`)).text();
  assert.match(page, /the settings switch docker off/);
});

await testNeeding(
  ["git"],
  "a mode that its manifest does not have blocks a workload, and leaves it as it is",
  async () => {
    await using dir = await tempDir();
    const repository = await fleet(dir.path, `command = ${SLEEP}\n`);
    await using device = await TestDevice.start({
      root: dir.path,
      repository: repository.dir,
      extra: ["[runtime.modes]", 'web = "docker"'],
    });
    const web = await device.until("web", (workload) => workload.phase === "blocked");
    assert.equal(web.reason, "mode_unavailable");
    assert.equal(web.message, "the settings of the device ask for docker, and its manifest allows native alone");
  },
);

await testNeeding(
  ["git", "docker"],
  "a move to Docker that cannot be prepared leaves the process running",
  async () => {
    await using dir = await tempDir();
    const repository = await fleet(dir.path, manifest({ preferred: "native" }));
    await using device = await TestDevice.start({ root: dir.path, repository: repository.dir });
    const before = await device.until("web", (workload) => workload.phase === "running" && workload.sync === "synced");
    assert.deepEqual(before.mode, { chosen: "native", reason: "its manifest prefers it" });
    // Nobody listens there: the image cannot be pulled.
    await repository.write("services/web.toml", manifest({ preferred: "container", image: "127.0.0.1:1/none:1" }));
    await repository.commit("Move");
    const blocked = await device.until(
      "web",
      (workload) => workload.runtime === "docker" && workload.phase === "blocked",
    );
    assert.match(blocked.reason, /^image_/);
    assert.deepEqual(
      blocked.instances.map((instance) => instance.pid),
      before.instances.map((instance) => instance.pid),
    );
  },
);

await testNeeding(["git", "docker"], "a workload moves into Docker and back, and is never there twice", async () => {
  await using image = await busyboxImage();
  await using dir = await tempDir();
  const repository = await fleet(dir.path, manifest({ preferred: "container", image: image.name }));
  await using device = await TestDevice.start({ root: dir.path, repository: repository.dir });
  const box = await device.until("web", (workload) => workload.phase === "running" && workload.sync === "synced");
  assert.deepEqual([box.runtime, box.instances.length], ["docker", 1]);
  assert.notEqual(box.instances[0]?.container_id, null);
  assert.deepEqual(box.mode, { chosen: "docker", reason: "its manifest prefers it" });

  await repository.write("services/web.toml", manifest({ preferred: "native", image: image.name }));
  await repository.commit("Out of Docker");
  const process = await device.until(
    "web",
    (workload) => workload.runtime === "native" && workload.phase === "running" && workload.sync === "synced",
  );
  assert.deepEqual([process.instances.length, process.instances[0]?.container_id], [1, null]);
  const moves = (await device.status())?.events.filter((event) => event.reason === "runtime_changed") ?? [];
  assert.deepEqual(moves.map((event) => event.message), [
    "stopped web[0]: moves from docker to native",
    "started web[0]: moves from docker to native",
  ]);
});

await testNeeding(["git", "docker"], "what fell back stays native when Docker answers, until a restart", async () => {
  await using image = await busyboxImage();
  await using dir = await tempDir();
  const socket = join(dir.path, "docker.sock");
  const repository = await fleet(dir.path, manifest({ preferred: "container", image: image.name }));
  await using device = await TestDevice.start({
    root: dir.path,
    repository: repository.dir,
    extra: ["[docker]", `host = "unix://${socket}"`],
  });
  const fallen = await device.until("web", (workload) => workload.phase === "running" && workload.sync === "synced");
  assert.deepEqual(fallen.mode, { chosen: "native", reason: "docker does not answer" });

  // Docker answers from here on, where it was looked for.
  await Deno.symlink(DOCKER_SOCKET, socket);
  const stays = await device.until("web", (workload) => workload.mode?.reason.includes("it stays") === true);
  assert.deepEqual(stays.instances.map((instance) => instance.pid), fallen.instances.map((instance) => instance.pid));

  assert.equal((await device.cli("restart", "web")).code, 0);
  const moved = await device.until(
    "web",
    (workload) => workload.runtime === "docker" && workload.phase === "running" && workload.sync === "synced",
  );
  assert.equal(moved.instances.length, 1);

  // And an outage moves nothing back: what cannot be seen is unknown.
  await Deno.remove(socket);
  await device.killDaemon();
  await device.startDaemon();
  const unknown = await device.until("web", (workload) => workload.sync === "unknown");
  assert.deepEqual([unknown.runtime, unknown.reason], ["docker", "docker_unavailable"]);
  const id = moved.instances[0]!.container_id!;
  const { text } = await dockerCall(`/containers/${id}/json`, {});
  assert.equal(JSON.parse(text).State.Running, true);
  await Deno.symlink(DOCKER_SOCKET, socket);
  await eventually("the same container again", async () => {
    return (await device.workload("web"))?.instances[0]?.container_id === id;
  });
});
