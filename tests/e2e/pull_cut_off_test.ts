/** A registry that goes away in the middle of a pull: what runs goes on, and the pull is tried again until it succeeds. */
import assert from "node:assert/strict";
import { imageRegistry } from "../runtime/docker/image/image_registry.ts";
import { RegistryProxy } from "../runtime/docker/image/registry_proxy.ts";
import { busyboxImage, removeImage } from "../support/docker_image.ts";
import { eventually } from "../support/eventually.ts";
import { DOCKER_SOCKET, testNeeding } from "../support/prerequisite.ts";
import { pushedDevice } from "../support/repo_backed_device.ts";

await testNeeding(
  ["git", "docker", "busybox", "registry"],
  "a registry cut off in the middle of a pull harms nothing that runs, and is tried again until it is back",
  async () => {
    await using registry = await imageRegistry();
    await using proxy = new RegistryProxy(registry.host);
    await using old = await busyboxImage();
    await using next = await busyboxImage({
      changes: ['CMD ["/bin/sleep", "1000000"]', `LABEL of=${crypto.randomUUID()}`],
    });
    const pushed = await registry.push(next.name);
    const image = (await registry.list("cut", { amd64: pushed })).replace(registry.host, proxy.host);
    await removeImage(next.name);
    await using here = await pushedDevice({}, { extra: ["[docker]", `host = "unix://${DOCKER_SOCKET}"`] });
    const { device, repository } = here;
    const text = (name: string) => `image = "${name}"\nstop_timeout = "100ms"\n`;
    await repository.write("deployments/web.toml", text(old.name));
    await repository.commit("Begin");
    const { instances: [before] } = await device.until("web", (workload) => workload.health === "healthy");

    // The list of platforms comes; what it names does not any more.
    proxy.cutAt = /manifests\/sha256:/;
    await repository.write("deployments/web.toml", text(image));
    await repository.commit("Another image");
    const failing = await device.until("web", (workload) => workload.reason === "image_pull_failed");
    assert.equal(failing.instances[0]?.container_id, before?.container_id);
    assert.notEqual(failing.instances[0]?.pid, null);
    assert.match(failing.message, /^Cannot pull image/);
    await eventually("it is tried again", () => proxy.refused >= 3, { deadlineMs: 30_000 });
    const meanwhile = (await device.workload("web"))!;
    assert.equal(meanwhile.instances[0]?.container_id, before?.container_id);

    proxy.heal();
    const after = await device.until(
      "web",
      (workload) => workload.image?.reference === image && workload.phase === "running" && workload.sync === "synced",
    );
    assert.notEqual(after.instances[0]?.container_id, before?.container_id);
    const told = (await device.status())!.events.filter((event) => event.reason === "image_pull_failed");
    assert.ok(told.length > 0, "nobody was told of it");
    await removeImage(image);
  },
);
