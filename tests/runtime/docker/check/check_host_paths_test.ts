import assert from "node:assert/strict";
import { resolveHostPaths } from "../../../../src/runtime/docker/check/check_host_paths.ts";
import type { DockerWorkload, Mount } from "../../../../src/model/workload.ts";
import { DOCKER_SOCKET, testNeeding } from "../../../support/prerequisite.ts";
import { tempDir } from "../../../support/temp.ts";
import { dockerDevice, saidBy } from "../docker_device.ts";

const mount = (source: string): Mount => ({ type: "host", source, target: "/seen", readOnly: true });

interface Bounds {
  allow: string[];
  protect?: string[];
  socket?: string;
}

const resolved = async (source: string, { allow, protect = [], socket = "/no/such.sock" }: Bounds) =>
  (await resolveHostPaths({ mounts: [mount(source)] }, {
    policy: { allowHostPaths: allow },
    protectedPaths: protect,
    socket,
  })).get(source);

async function device() {
  const stack = new AsyncDisposableStack();
  const { path } = stack.use(await tempDir());
  const root = await Deno.realPath(path);
  await Deno.mkdir(`${root}/media/films`, { recursive: true });
  await Deno.mkdir(`${root}/media-private`);
  await Deno.mkdir(`${root}/data/state`, { recursive: true });
  await Deno.writeTextFile(`${root}/docker.sock`, "");
  await Deno.symlink(`${root}/data`, `${root}/media/link`);
  await Deno.symlink(`${root}/media`, `${root}/alias`);
  return { root, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

const denied = { name: "Failure", reason: "policy_denied" };

Deno.test("a path of the device is mounted where it lies in what the owner allows, links followed", async () => {
  await using at = await device();
  const { root } = at;
  const allow = [`${root}/media`];
  assert.equal(await resolved(`${root}/media`, { allow }), `${root}/media`);
  assert.equal(await resolved(`${root}/media/films/`, { allow }), `${root}/media/films`);
  assert.equal(await resolved(`${root}/alias/films`, { allow: [`${root}/alias`] }), `${root}/media/films`);
  for (const path of [`${root}/media-private`, `${root}/data`, root, "/", `${root}/media/link/state`]) {
    await assert.rejects(resolved(path, { allow }), denied, path);
  }
  await assert.rejects(resolved(`${root}/media/link`, { allow }), {
    ...denied,
    message: `mounts: the owner of this device does not allow "${root}/media/link", which leads to "${root}/data"`,
    hint: "leave it out, or add it to allow_host_paths in [policy] of config.toml",
  });
});

Deno.test("a path that is not there is said to be missing, and is not made", async () => {
  await using at = await device();
  await assert.rejects(resolved(`${at.root}/media/new`, { allow: [at.root] }), {
    kind: "refused",
    message: `mounts: there is no "${at.root}/media/new" on this device`,
  });
  await assert.rejects(Deno.stat(`${at.root}/media/new`), Deno.errors.NotFound);
});

Deno.test("the daemon's own files are never mounted, from above, below or beside a link", async () => {
  await using at = await device();
  const { root } = at;
  const bounds = { allow: ["/"], protect: [`${root}/data`] };
  for (const path of [`${root}/data`, `${root}/data/state`, root, "/", `${root}/media/link`]) {
    await assert.rejects(resolved(path, bounds), denied, path);
  }
  assert.equal(await resolved(`${root}/media`, bounds), `${root}/media`);
});

Deno.test("Docker's socket is mounted only where the owner names it itself", async () => {
  await using at = await device();
  const { root } = at;
  const socket = `${root}/docker.sock`;
  await assert.rejects(resolved(socket, { allow: [root], socket }), {
    ...denied,
    message: `mounts: "${socket}" would give away Docker's socket`,
    hint: "leave it out, or add the socket itself to allow_host_paths in [policy] of config.toml",
  });
  await assert.rejects(resolved(root, { allow: [root, socket], socket }), denied);
  assert.equal(await resolved(socket, { allow: [root, socket], socket }), socket);
});

await testNeeding(
  ["docker", "busybox"],
  "a container sees a path of the device, and cannot write where it says ro",
  async () => {
    await using at = await device();
    const { root } = at;
    await Deno.chmod(root, 0o755);
    await Deno.writeTextFile(`${root}/media/film`, "from the device");
    await using docker = await dockerDevice({ policy: { allowHostPaths: [`${root}/media`] }, protectedPaths: [root] });
    const command = ["/bin/sh", "-c", "(cat /seen/film; echo; touch /seen/new; echo done) 2>&1"];
    const workload = docker.workload({ command, mounts: [mount(`${root}/media`)] });
    await assert.rejects(docker.start(workload), { reason: "policy_denied" });
    await using open = await dockerDevice({ policy: { allowHostPaths: [`${root}/media`] } });
    const said = await saidBy(open, open.workload({ command, mounts: [mount(`${root}/media`)] }));
    assert.deepEqual([said[0], said.at(-1)], ["from the device", "done"]);
    assert.match(said[1]!, /Read-only file system/);
    const writable = { ...mount(`${root}/media`), readOnly: false } as Mount;
    await saidBy(open, open.workload({ name: `${open.id}-rw`, command, mounts: [writable] }));
    assert.ok((await Deno.stat(`${root}/media/new`)).isFile);
  },
);

await testNeeding(
  ["docker", "busybox"],
  "a container is made anew when its path leads elsewhere than when it was made",
  async () => {
    await using at = await device();
    const { root } = at;
    await Deno.chmod(root, 0o755);
    await Deno.writeTextFile(`${root}/media/who`, "first");
    await Deno.writeTextFile(`${root}/media-private/who`, "second");
    await Deno.symlink(`${root}/media`, `${root}/now`);
    await using docker = await dockerDevice({ policy: { allowHostPaths: [root] } });
    const workload: DockerWorkload = docker.workload({
      command: ["/bin/cat", "/seen/who"],
      mounts: [mount(`${root}/now`)],
    });
    assert.deepEqual(await saidBy(docker, workload), ["first"]);
    await Deno.remove(`${root}/now`);
    await Deno.symlink(`${root}/media-private`, `${root}/now`);
    assert.deepEqual(await saidBy(docker, workload), ["second"]);
  },
);

await testNeeding(["docker"], "the socket of the Docker that runs containers is the one that is guarded", async () => {
  await using docker = await dockerDevice({ policy: { allowHostPaths: ["/"] } });
  for (const source of [DOCKER_SOCKET, "/run", "/"]) {
    await assert.rejects(docker.start(docker.workload({ mounts: [mount(source)] })), denied, source);
  }
});
