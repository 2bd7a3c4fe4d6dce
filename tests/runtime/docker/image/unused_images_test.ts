import assert from "node:assert/strict";
import { namesToRemove } from "../../../../src/runtime/docker/image/unused_images.ts";
import { dockerCall, removeImage } from "../../../support/docker_image.ts";
import { testNeeding } from "../../../support/prerequisite.ts";
import { createForeign, dockerDevice, Inventory } from "../docker_device.ts";
import { imageRegistry } from "./image_registry.ts";

const CMD = `CMD ["/bin/sleep", "1000"]`;
const NEVER = new AbortController().signal;

async function isHere(image: string): Promise<boolean> {
  return (await dockerCall(`/images/${image}/json`)).status === 200;
}

/** A device, and two images of a registry, of which nothing is here yet. */
async function twoImages() {
  await using stack = new AsyncDisposableStack();
  const registry = stack.use(await imageRegistry());
  const inventory = new Inventory();
  const device = stack.use(await dockerDevice({ inventory, changes: [CMD, `LABEL of=${crypto.randomUUID()}`] }));
  const other = stack.use(await dockerDevice({ changes: [CMD, `LABEL of=${crypto.randomUUID()}`] }));
  const images = [await registry.push(device.image), await registry.push(other.image)] as const;
  // What is left of them is the registry's alone.
  for (const image of [device.image, other.image]) await removeImage(image);
  const owned = stack.move();
  const pull = async (image: string) => {
    await device.runtime.prepare(device.workload({ image, command: ["sleep", "1000"] }), () => {}, NEVER);
  };
  return { registry, device, inventory, images, pull, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

const NEEDS = ["docker", "busybox", "registry"] as const;

await testNeeding([...NEEDS], "an image that was pulled goes when no spec needs it any more", async () => {
  await using set = await twoImages();
  const { device, inventory, images: [old, now], pull } = set;
  await pull(old);
  await pull(now);
  assert.deepEqual(inventory.images.map((image) => image.names), [[old], [now]]);
  const specs = [device.workload({ image: old }), device.workload({ image: now })];
  await device.runtime.collectImages(specs);
  assert.deepEqual([await isHere(old), await isHere(now)], [true, true]);
  await device.runtime.collectImages(specs.slice(1));
  assert.deepEqual([await isHere(old), await isHere(now)], [false, true]);
  assert.deepEqual(inventory.images.map((image) => image.names), [[now]]);
});

await testNeeding(
  [...NEEDS],
  "an image that a spec goes back to stays, though its tag stands for another one",
  async () => {
    await using set = await twoImages();
    const { registry, device, images: [old, now], inventory, pull } = set;
    const moving = await registry.list("moving", { amd64: old });
    await pull(moving);
    const { Id: id } = JSON.parse((await dockerCall(`/images/${moving}/json`)).text);
    await registry.list("moving", { amd64: now });
    const asked = device.workload({ image: moving, pull: "always" });
    await device.runtime.prepare(asked, () => {}, NEVER);
    await device.runtime.collectImages([asked, { ...asked, pinnedImage: id }]);
    assert.equal(await isHere(id), true);
    await device.runtime.collectImages([asked]);
    assert.deepEqual([await isHere(id), await isHere(moving)], [false, true]);
    assert.equal(inventory.images.length, 1);
  },
);

await testNeeding(
  [...NEEDS],
  "an image that a container is made of stays, whoever the container belongs to",
  async () => {
    await using set = await twoImages();
    const { registry, device, inventory, images: [mine, theirs], pull } = set;
    // Docker itself refuses to remove an image in use, and takes one of its names without a word.
    const also = await registry.list("also", { amd64: mine });
    await pull(mine);
    await pull(also);
    await pull(theirs);
    const own = await device.start(device.workload({ image: mine, command: ["sleep", "1000"] }));
    {
      await using _foreign = await createForeign(`harbornode-test-${device.id}`, { image: theirs });
      await device.runtime.observe();
      await device.runtime.collectImages([]);
      assert.deepEqual([await isHere(mine), await isHere(also), await isHere(theirs)], [true, true, true]);
    }
    await device.runtime.stop(own, { signal: "SIGKILL", timeoutMs: 0 });
    await device.runtime.remove(own);
    await device.runtime.observe();
    await device.runtime.collectImages([]);
    assert.deepEqual([await isHere(mine), await isHere(also), await isHere(theirs)], [false, false, false]);
    assert.deepEqual(inventory.images, []);
  },
);

await testNeeding([...NEEDS], "an image that somebody else brought, or gave another name, is not removed", async () => {
  await using set = await twoImages();
  const { device, inventory, images: [byHand, named], pull } = set;
  await dockerCall(`/images/create?fromImage=${byHand.replace(/:[^:]+$/, "")}&tag=${byHand.split(":").at(-1)}`, {
    method: "POST",
  });
  await device.runtime.prepare(device.workload({ image: byHand, pull: "always" }), () => {}, NEVER);
  assert.deepEqual(inventory.images, []);
  await pull(named);
  const kept = `harbornode-test:kept-${device.id}`;
  await dockerCall(`/images/${named}/tag?repo=harbornode-test&tag=kept-${device.id}`, { method: "POST" });
  await device.runtime.collectImages([]);
  assert.deepEqual([await isHere(byHand), await isHere(named), await isHere(kept)], [true, false, true]);
  await removeImage(kept);
  await removeImage(byHand);
});

Deno.test("of an image's names those go that it was pulled as, and nobody else's", () => {
  const id = "sha256:1";
  const digest = `sha256:${"a".repeat(64)}`;
  const of = (names: string[], RepoTags: string[], RepoDigests: string[]) =>
    namesToRemove({ id, names }, { Id: id, RepoTags, RepoDigests });
  assert.deepEqual(of(["nginx:1"], ["nginx:1"], [`nginx@${digest}`]), ["nginx:1", `nginx@${digest}`]);
  assert.deepEqual(of(["docker.io/library/nginx:1"], ["nginx:1", "nginx:2"], [`nginx@${digest}`]), ["nginx:1"]);
  assert.deepEqual(of([`nginx:1@${digest}`], [], [`nginx@${digest}`]), [`nginx@${digest}`]);
  assert.deepEqual(of(["nginx:1"], [], [`nginx@${digest}`, `ghcr.io/x@${digest}`]), [`nginx@${digest}`]);
  assert.deepEqual(of(["nginx:1"], [], []), [id]);
  assert.deepEqual(of(["nginx:1"], ["<none>:<none>"], ["<none>@<none>"]), [id]);
});
