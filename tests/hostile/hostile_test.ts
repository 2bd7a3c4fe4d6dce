/**
 * A hostile repository, pushed over http to a real device that runs good workloads both ways: each escape is refused
 * with its reason, nothing of it runs, and the good ones go on with the same processes.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { TestDevice } from "../support/device.ts";
import { busyboxImage, dockerCall } from "../support/docker_image.ts";
import { eventually } from "../support/eventually.ts";
import { GitRepository } from "../support/git_repository.ts";
import { GitServer } from "../support/git_server.ts";
import { testNeeding } from "../support/prerequisite.ts";
import { tempDir } from "../support/temp.ts";
import { containers, type Escape, processes, type Surroundings } from "./escapes.ts";

const NAME = `harbornode-hostile-${crypto.randomUUID().slice(0, 8)}`;
const GOOD_SERVICE = 'command = ["/bin/sleep", "3600"]\nstop_timeout = "100ms"\n';
/** Runs, as nobody in particular: what it tells its loader is told to no program of root's. */
const LOADED = `command = ["/bin/sleep", "3600"]\nworking_dir = "/"\nstop_timeout = "100ms"\n` +
  'description = "<script>alert(1)</script>"\n[env]\nPATH = "/nowhere"\nLD_DEBUG = "files"\n';

async function write(repository: GitRepository, { name, kind = "services", manifest, files, links }: Escape) {
  await repository.write(`${kind}/${name}.toml`, manifest);
  for (const [path, text] of Object.entries(files ?? {})) await repository.write(`${kind}/${name}/${path}`, text);
  for (const [path, target] of Object.entries(links ?? {})) await repository.symlink(`${kind}/${name}/${path}`, target);
}

/** Made beside the device, as its owner would. */
async function strangers(stack: AsyncDisposableStack): Promise<void> {
  const headers = { "content-type": "application/json" };
  for (const what of ["volumes", "networks"]) {
    stack.defer(async () => void await dockerCall(`/${what}/${NAME}`, { method: "DELETE" }));
    await dockerCall(`/${what}/create`, { method: "POST", headers, body: JSON.stringify({ Name: NAME }) });
  }
}

await testNeeding(["root", "git", "docker"], "a hostile repository gets nothing, and stops nothing", async () => {
  await using stack = new AsyncDisposableStack();
  const image = stack.use(await busyboxImage());
  await strangers(stack);
  const root = stack.use(await tempDir()).path;
  const traces = join(root, "traces");
  await Deno.mkdir(traces);
  await Deno.chmod(traces, 0o777);
  const repository = await GitRepository.create(join(root, "git/fleet"));
  const server = stack.use(await GitServer.start(join(root, "git")));
  await repository.write("services/good.toml", GOOD_SERVICE);
  await repository.write("deployments/kept.toml", `image = "${image.name}"\n${GOOD_SERVICE}`);
  await repository.commit("Good");
  const device = stack.use(
    await TestDevice.start({
      root,
      repository: server.url("fleet"),
      repo: ['interval = "200ms"'],
      policy: ["max_instances = 10"],
    }),
  );
  const pids = async () => {
    const [good, kept] = [await device.workload("good"), await device.workload("kept")];
    return [good?.instances[0]?.pid, kept?.instances[0]?.container_id];
  };
  await device.until("good", (workload) => workload.phase === "running");
  await device.until("kept", (workload) => workload.phase === "running");
  const before = await pids();

  const about: Surroundings = {
    port: device.port,
    dataDir: device.dataDir,
    image: image.name,
    volume: NAME,
    network: NAME,
  };
  const escapes = [...processes(about), ...containers(about)];
  for (const escape of escapes) await write(repository, escape);
  await repository.write("services/loaded.toml", `${LOADED}LD_DEBUG_OUTPUT = "${traces}/trace"\n`);
  await repository.symlink("services/linked.toml", "/etc/passwd");
  await repository.symlink("deployments/linked-folder", "/etc");
  const subject = "\u001b[2J\u202e<img src=x onerror=alert(1)>";
  const revision = await repository.commit(subject);

  await eventually("the revision is read", async () => (await device.status())?.source.attempted === revision);
  await device.until("loaded", (workload) => workload.phase === "running");
  const missed = await eventually("each has its reason", async () => {
    const shown = (await device.status())!.workloads;
    const left = escapes.filter(({ name, of = name, says }) =>
      !shown.some((workload) => workload.name === of && says.test(workload.message))
    );
    if (left.length === 0) return [];
    throw new Error(
      left.map(({ name, of = name }) => `${name}: ${shown.find((workload) => workload.name === of)?.message}`).join(
        "\n",
      ),
    );
  }, { deadlineMs: 15_000 });
  assert.deepEqual(missed, []);

  // Nothing but the good and the harmless runs, and nobody but themselves was told.
  const status = (await device.status())!;
  const running = status.workloads.filter((workload) => workload.instances.length > 0).map((workload) => workload.name)
    .sort();
  assert.deepEqual(running, ["good", "kept", "loaded"]);
  assert.deepEqual(await pids(), before);
  for (const name of ["linked", "linked-folder"]) {
    assert.equal(status.workloads.find((workload) => workload.name === name)?.phase, "invalid", name);
  }
  const { text } = await dockerCall(
    `/containers/json?all=1&filters=${
      encodeURIComponent(JSON.stringify({ label: [`harbornode.device=${status.device.id}`] }))
    }`,
  );
  assert.equal(JSON.parse(text).length, 1);
  const owners = await Array.fromAsync(
    Deno.readDir(traces),
    async ({ name }) => (await Deno.stat(join(traces, name))).uid,
  );
  assert.ok(owners.length > 0 && owners.every((uid) => uid !== 0), `a loader of root's obeyed: ${owners}`);

  // What it wrote is text, wherever it is shown.
  const page = await (await fetch(`http://127.0.0.1:${device.port}/`)).text();
  assert.doesNotMatch(page, /<script>alert|<img src=x/);
  assert.match(page, /&lt;script&gt;alert/);
  const said = await device.cli("status");
  // deno-lint-ignore no-control-regex -- these must not be there
  const unseen = /[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/;
  assert.doesNotMatch(said.out + said.err, unseen);
  // deno-lint-ignore no-control-regex -- the colours of our own log
  assert.doesNotMatch(device.log.replace(/\x1b\[[0-9;]*m/g, ""), unseen);

  // And it removes nothing, nor does what comes after it.
  await repository.remove("services");
  await repository.remove("deployments");
  const empty = await repository.commit("Nothing is left");
  await eventually("the empty revision is read", async () => (await device.status())?.source.attempted === empty);
  await eventually("its removals are pending", async () => {
    assert.deepEqual((await device.status())?.pending_removal?.names, ["good", "kept", "loaded"]);
    return true;
  });
  assert.ok((await Deno.stat(`/proc/${before[0]}`)).isDirectory);
  assert.match((await dockerCall(`/containers/${before[1]}/json`)).text, /"Running":true/);
});
