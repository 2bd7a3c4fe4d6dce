/** A tag that moves in a real registry, and a device that follows it. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { imageRegistry } from "../runtime/docker/image/image_registry.ts";
import { busyboxImage, dockerCall, removeImage } from "../support/docker_image.ts";
import { DOCKER_SOCKET, testNeeding } from "../support/prerequisite.ts";
import { pushedDevice } from "../support/repo_backed_device.ts";

const NEEDS = ["git", "docker", "busybox", "registry"] as const;
const DOCKER = ["[docker]", `host = "unix://${DOCKER_SOCKET}"`];

/** Images that differ, of which the registry alone has a copy; the second one's program fails. */
async function registryOf(programs: string[]) {
  await using stack = new AsyncDisposableStack();
  const registry = stack.use(await imageRegistry());
  const images: string[] = [];
  for (const program of programs) {
    const unique = `LABEL of=${crypto.randomUUID()}`;
    const local = stack.use(await busyboxImage({ changes: [`CMD ["/bin/sh", "-c", "${program}"]`, unique] }));
    images.push(await registry.push(local.name));
    await removeImage(local.name);
  }
  const owned = stack.move();
  return { registry, images, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

await testNeeding(
  [...NEEDS],
  "a tag that moved is rolled out, survives a lost state, and a bad one is taken back until it moves on",
  async () => {
    await using set = await registryOf(["exec sleep 1001", "exec sleep 1002", "exit 3", "exec sleep 1004"]);
    const { registry, images } = set;
    const image = await registry.list("stable", { amd64: images[0]! });
    const move = async (to: number) => {
      await registry.list("stable", { amd64: images[to]! });
      return await registry.digest(image);
    };
    await using here = await pushedDevice({}, { extra: DOCKER });
    const { device, repository } = here;
    await repository.write(
      "deployments/web.toml",
      `image = "${image}"\nupdate_image = { interval = "1s" }\nstop_timeout = "100ms"\n` +
        `rollout = { strategy = "recreate", deadline = "5s" }\n` +
        `restart = { max_restarts = 1, delay = "50ms", reset_after = "500ms" }\n`,
    );
    await repository.commit("Follow a tag");
    // So long that it counts as healthy, and could be gone back to.
    const first = await device.until(
      "web",
      (workload) => workload.health === "healthy" && workload.versions.length === 1,
    );
    assert.equal(first.image?.digest, await registry.digest(image));

    const second = await move(1);
    const moved = await device.until(
      "web",
      (workload) => workload.health === "healthy" && workload.versions.length === 2,
    );
    assert.deepEqual([moved.image?.digest, moved.image?.reference], [second, `${image}@${second}`]);
    const { events } = (await device.status())!;
    const message = events.filter((event) => event.reason === "image_changed").map((event) => event.message).join("\n");
    const short = (digest: string | null | undefined) => digest?.slice(0, 19);
    assert.ok(message.includes(`${short(first.image?.digest)} -> ${short(second)}`), message);
    // Both versions may be gone back to: their images stay.
    assert.equal((await dockerCall(`/images/${first.image!.id}/json`)).status, 200);
    await device.killDaemon();
    await Deno.remove(join(device.dataDir, "state"), { recursive: true });
    await device.startDaemon();
    const found = await device.until(
      "web",
      (workload) => workload.health === "healthy" && workload.versions.length === 1,
    );
    assert.equal(found.instances[0]?.container_id, moved.instances[0]?.container_id);
    assert.equal(found.image?.digest, second);

    const bad = await move(2);
    const back = await device.until(
      "web",
      (workload) => workload.phase === "rolled-back" && typeof workload.instances[0]?.pid === "number",
    );
    assert.notEqual(back.image?.digest, bad);
    assert.equal(back.image?.id, moved.image?.id);

    const third = await move(3);
    const well = await device.until(
      "web",
      (workload) => workload.health === "healthy" && workload.image?.digest === third,
    );
    assert.equal(well.phase, "running");
  },
);
