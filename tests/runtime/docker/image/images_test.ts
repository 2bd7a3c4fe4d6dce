import assert from "node:assert/strict";
import { dockerCall, importImage, removeImage } from "../../../support/docker_image.ts";
import { eventually } from "../../../support/eventually.ts";
import { testNeeding } from "../../../support/prerequisite.ts";
import { tar } from "../../../support/tar.ts";
import { type DockerDevice, dockerDevice } from "../docker_device.ts";
import { ADA, imageRegistry } from "./image_registry.ts";

const NEVER = new AbortController().signal;
const REGISTRY = ["docker", "busybox", "registry"] as const;

function prepare(device: DockerDevice, image: string, signal = NEVER) {
  const said: string[] = [];
  const done = device.runtime.prepare(device.workload({ image }), (message) => said.push(message), signal);
  done.catch(() => {});
  return { said, done };
}

/** Takes connections and never says a word: a registry behind a broken network. */
function silentRegistry() {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const connections: Deno.Conn[] = [];
  const loop = (async () => {
    for await (const connection of listener) connections.push(connection);
  })();
  return {
    image: `127.0.0.1:${(listener.addr as Deno.NetAddr).port}/web:1`,
    async [Symbol.asyncDispose]() {
      listener.close();
      await loop.catch(() => {});
      for (const connection of connections) connection.close();
    },
  };
}

await testNeeding(["docker", "busybox"], "docker asks no registry for an image that is there", async () => {
  await using device = await dockerDevice();
  const { said, done } = prepare(device, device.image);
  await done;
  assert.deepEqual(said, []);
});

await testNeeding([...REGISTRY], "docker pulls an image that is missing, and says so while it does", async () => {
  await using registry = await imageRegistry();
  await using device = await dockerDevice();
  const image = await registry.push(device.image);
  assert.equal((await dockerCall(`/images/${image}/json`)).status, 404);
  const { said, done } = prepare(device, image);
  await done;
  assert.ok(said.some((message) => message.startsWith(`pulling ${image}`)), said.join());
  assert.equal((await dockerCall(`/images/${image}/json`)).status, 200);
  assert.equal((await device.start(device.workload({ image }))).state, "running");
});

await testNeeding([...REGISTRY], "an instance tells the id and the digest of its image", async () => {
  await using registry = await imageRegistry();
  await using device = await dockerDevice();
  const image = await registry.push(device.image);
  await prepare(device, image).done;
  const pulled = await device.start(device.workload({ image }));
  const built = await device.start(device.workload(), { slot: 1 });
  const { Id: id } = JSON.parse((await dockerCall(`/images/${image}/json`)).text);
  const seen = [await device.look(pulled.id), await device.look(built.id)];
  assert.deepEqual(seen.map((instance) => instance?.imageId), [id, id]);
  assert.deepEqual(seen.map((instance) => instance?.imageDigest), [await registry.digest(image), undefined]);
});

await testNeeding(
  [...REGISTRY],
  "what was healthy starts of the image that it was, though its name moved on",
  async () => {
    await using device = await dockerDevice({ changes: ['CMD ["/bin/sleep", "1"]'] });
    await using newer = await dockerDevice({ changes: ['CMD ["/bin/sleep", "2"]'] });
    const { Id: id } = JSON.parse((await dockerCall(`/images/${device.image}/json`)).text);
    const { image } = newer;
    const pinned = { ...device.workload({ image }), pinnedImage: id };
    const said: string[] = [];
    await device.runtime.prepare(pinned, (message) => said.push(message), NEVER);
    assert.deepEqual(said, []);
    const instance = await device.start(pinned);
    assert.equal(instance.imageId, id);
  },
);

await testNeeding(["docker", "busybox"], "what was healthy is never pulled, and said to be lost", async () => {
  await using device = await dockerDevice();
  const pinned = { ...device.workload(), pinnedImage: `sha256:${"0".repeat(64)}` };
  await assert.rejects(device.runtime.prepare(pinned, assert.fail, NEVER), {
    name: "Failure",
    reason: "image_not_found",
    message: `Image "${device.image}" as it was last healthy ("sha256:000000000000") is not on this device any more`,
  });
});

await testNeeding([...REGISTRY], "docker names an image that the registry does not have", async () => {
  await using registry = await imageRegistry();
  await using device = await dockerDevice();
  const pushed = await registry.push(device.image);
  for (const image of [`${registry.host}/nobody/nothing:1`, `${pushed}-other`]) {
    await assert.rejects(prepare(device, image).done, { name: "Failure", kind: "mistake", reason: "image_not_found" });
  }
});

await testNeeding(
  [...REGISTRY],
  "docker pulls for the platform that is asked for, and again for another one",
  async () => {
    await using registry = await imageRegistry();
    await using device = await dockerDevice();
    await using old = await imageFor("386");
    const image = await registry.list("both", {
      amd64: await registry.push(device.image),
      "386": await registry.push(old.name),
    });
    const architecture = async (platform: string | null) => {
      await device.runtime.prepare(device.workload({ image, platform }), () => {}, NEVER);
      return JSON.parse((await dockerCall(`/images/${image}/json`)).text).Architecture;
    };
    assert.equal(await architecture("linux/386"), "386");
    assert.equal(await architecture(null), "386");
    assert.equal(await architecture("linux/amd64"), "amd64");
    const { id } = await device.start(device.workload({ image, platform: "linux/amd64" }));
    assert.equal((await device.look(id))?.state, "running");
    const foreign = device.runtime.prepare(device.workload({ image, platform: "linux/s390x" }), assert.fail, NEVER);
    await assert.rejects(foreign, { name: "Failure", reason: "image_platform_mismatch" });
  },
);

await testNeeding(
  [...REGISTRY],
  "an image that is always pulled is pulled for a new spec, and not for a restart",
  async () => {
    await using device = await dockerDevice({ changes: ['CMD ["/bin/sleep", "1"]'] });
    await using newer = await dockerDevice({ changes: ['CMD ["/bin/sleep", "2"]'] });
    await using registry = await imageRegistry();
    const image = await registry.list("moving", { amd64: await registry.push(device.image) });
    const first = device.workload({ image, pull: "always" });
    await device.runtime.prepare(first, () => {}, NEVER);
    const { imageId } = await device.start(first);
    await registry.list("moving", { amd64: await registry.push(newer.image) });
    const said: string[] = [];
    await device.runtime.prepare(first, (message) => said.push(message), NEVER);
    assert.deepEqual(said, []);
    const second = device.workload({ image, pull: "always", env: { A: "1" } });
    await device.runtime.prepare(second, () => {}, NEVER);
    const { imageId: newId } = await device.start(second, { slot: 1 });
    assert.notEqual(newId, imageId);
    await registry.stop();
    // Without a registry, what is new does not start of whatever is here; what was started does.
    await device.runtime.prepare(second, assert.fail, NEVER);
    const third = device.workload({ image, pull: "always", env: { A: "2" } });
    await assert.rejects(device.runtime.prepare(third, () => {}, NEVER), {
      name: "Failure",
      reason: "image_pull_failed",
    });
  },
);

await testNeeding(
  [...REGISTRY],
  "docker is asked what a name stands for now, without a pull and with a login",
  async () => {
    await using registry = await imageRegistry({ isLocked: true });
    const credentials = { registries: { [registry.host]: ADA }, configFile: "/nonexistent/config.json" };
    await using device = await dockerDevice({ credentials });
    await using stranger = await dockerDevice();
    const image = await registry.push(device.image);
    const latest = (of: DockerDevice, name: string) => of.runtime.latestImage(of.workload({ image: name }), NEVER);
    assert.equal(await latest(device, image), await registry.digest(image));
    assert.equal((await dockerCall(`/images/${image}/json`)).status, 404);
    await assert.rejects(latest(device, `${image}-other`), { name: "Failure", message: /^Cannot pull image/ });
    await assert.rejects(latest(stranger, image), { name: "Failure", kind: "refused", reason: "image_pull_failed" });
    const never = new AbortController();
    never.abort(new Error("not any more"));
    await assert.rejects(device.runtime.latestImage(device.workload({ image }), never.signal), /not any more/);
  },
);

await testNeeding(["docker", "busybox"], "an image that is never pulled is here, or is missed", async () => {
  await using device = await dockerDevice();
  await device.runtime.prepare(device.workload({ pull: "never" }), assert.fail, NEVER);
  const missing = device.workload({ image: "127.0.0.1:1/web:1", pull: "never" });
  await assert.rejects(device.runtime.prepare(missing, assert.fail, NEVER), {
    name: "Failure",
    kind: "refused",
    message: 'Image "127.0.0.1:1/web:1" is not on this device, and its manifest says pull = "never"',
  });
});

await testNeeding(
  [...REGISTRY],
  "docker pulls nothing when less than the reserve is free, and starts what is here",
  async () => {
    await using registry = await imageRegistry();
    await using device = await dockerDevice({ diskReserveBytes: Number.MAX_SAFE_INTEGER });
    const image = await registry.push(device.image);
    await assert.rejects(prepare(device, image).done, {
      name: "Failure",
      kind: "refused",
      reason: "insufficient_disk",
      message: /MB are free in "\/.+", and \d+\.\d MB are kept$/,
    });
    assert.equal((await dockerCall(`/images/${image}/json`)).status, 404);
    await prepare(device, device.image).done;
  },
);

await testNeeding([...REGISTRY], "docker names an image that is for another architecture", async () => {
  await using registry = await imageRegistry();
  await using device = await dockerDevice();
  const image = await registry.list("s390x", { s390x: await registry.push(device.image) });
  await assert.rejects(prepare(device, image).done, { name: "Failure", reason: "image_platform_mismatch" });
});

await testNeeding([...REGISTRY], "docker finds the error inside a pull that began with success", async () => {
  await using registry = await imageRegistry();
  await using device = await dockerDevice();
  // Of content that no other image has, or Docker would not ask for it.
  const content = crypto.getRandomValues(new Uint8Array(50_000));
  const local = `harbornode-test:unique-${device.id}`;
  await importImage(local, { entries: [{ path: "unique", content }] });
  const image = await registry.push(local);
  await removeImage(local);
  await registry.lose(content.length);
  await assert.rejects(prepare(device, image).done, { name: "Failure", message: /^Cannot pull image/ });
  assert.equal((await dockerCall(`/images/${image}/json`)).status, 404);
});

await testNeeding(["docker", "busybox"], "docker starts nothing of an image that no program here can run", async () => {
  await using device = await dockerDevice();
  await using foreign = await imageFor("s390x");
  await assert.rejects(prepare(device, foreign.name).done, {
    name: "Failure",
    reason: "image_platform_mismatch",
    message: new RegExp(`^Image "${foreign.name}" is for "s390x", and this device is "`),
  });
});

await testNeeding(["docker", "busybox"], "docker cannot be led elsewhere by an image's name", async () => {
  await using device = await dockerDevice();
  for (const image of ["../containers", "a/../../containers/x", "", "a b", "a?b", "-x"]) {
    await assert.rejects(prepare(device, image).done, { name: "Failure", kind: "mistake", reason: "image_not_found" });
  }
});

await testNeeding(
  ["docker", "busybox"],
  "docker pulls one image at a time, and gives up when it is told to",
  async () => {
    await using silent = silentRegistry();
    await using device = await dockerDevice();
    const controller = new AbortController();
    const first = prepare(device, silent.image, controller.signal);
    await eventually("the first pull is under way", () => first.said.includes(`pulling ${silent.image}`));
    const impatient = new AbortController();
    const second = prepare(device, "127.0.0.1:1/web:2", impatient.signal);
    const third = prepare(device, "127.0.0.1:1/web:3");
    await eventually("the others wait", () => second.said.length > 0 && third.said.length > 0);
    impatient.abort(new Error("not any more"));
    await assert.rejects(second.done, /not any more/);
    assert.deepEqual(third.said, ["waiting to pull 127.0.0.1:1/web:3"]);
    controller.abort(new Error("never mind"));
    await assert.rejects(first.done, /never mind/);
    await assert.rejects(third.done, { name: "Failure", kind: "transient", reason: "image_pull_failed" });
    assert.equal(third.said.at(-1), "pulling 127.0.0.1:1/web:3");
  },
);

/** As "docker load" takes it: the only way to say an architecture without a registry. */
async function imageFor(architecture: string): Promise<{ name: string } & AsyncDisposable> {
  const name = `harbornode-test:${architecture}-${crypto.randomUUID().slice(0, 8)}`;
  const encode = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
  const layer = tar([{ path: "program", content: encode("not for here"), mode: 0o755 }]);
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", layer)).toHex();
  const config = { architecture, os: "linux", config: {}, rootfs: { type: "layers", diff_ids: [`sha256:${digest}`] } };
  const { text } = await dockerCall("/images/load", {
    method: "POST",
    headers: { "content-type": "application/x-tar" },
    body: tar([
      { path: "manifest.json", content: encode([{ Config: "config.json", RepoTags: [name], Layers: ["layer.tar"] }]) },
      { path: "config.json", content: encode(config) },
      { path: "layer.tar", content: layer },
    ]),
  });
  if (text.includes('"error"')) throw new Error(text);
  return { name, [Symbol.asyncDispose]: () => removeImage(name) };
}
