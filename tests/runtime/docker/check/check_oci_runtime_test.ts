import assert from "node:assert/strict";
import { join } from "node:path";
import { systemClock } from "../../../../src/clock.ts";
import { openDockerRuntime } from "../../../../src/runtime/docker/docker_runtime.ts";
import { busyboxEntries, dockerCall, importImage } from "../../../support/docker_image.ts";
import { OwnDocker } from "../../../support/own_docker.ts";
import { testNeeding } from "../../../support/prerequisite.ts";
import { tempDir } from "../../../support/temp.ts";
import { dockerDevice, inspect, Inventory, NO_LOGINS, NOTHING_ALLOWED } from "../docker_device.ts";
import { dockerWorkload } from "../docker_workload.ts";

await testNeeding(
  ["docker", "busybox"],
  "a container is run by what its manifest names, as Docker has it",
  async () => {
    await using device = await dockerDevice();
    const { id } = await device.start(device.workload({ ociRuntime: "io.containerd.runc.v2" }));
    const { Runtime: runtime } = (await inspect(id))!.HostConfig as unknown as { Runtime: string };
    assert.equal(runtime, "io.containerd.runc.v2");
  },
);

await testNeeding(
  ["docker", "busybox"],
  "a runtime that Docker does not have is told before anything is touched",
  async () => {
    await using device = await dockerDevice();
    const workload = device.workload({ ociRuntime: "kata", image: "127.0.0.1:9/no-such:1" });
    const never = new AbortController().signal;
    for (const attempt of [() => device.runtime.prepare(workload, () => {}, never), () => device.start(workload)]) {
      await assert.rejects(attempt(), {
        name: "Failure",
        kind: "refused",
        message: 'oci_runtime: Docker has no runtime "kata" on this device',
        hint: /^it has .*runc.*; a further one belongs into "runtimes" of \/etc\/docker\/daemon\.json$/,
      });
    }
    assert.deepEqual(await device.all(), []);
  },
);

await testNeeding(["dockerd", "busybox", "root"], "a runtime that Docker was told of runs the container", async () => {
  await using dir = await tempDir();
  await using docker = new OwnDocker(join(dir.path, "docker"));
  await docker.boot("--add-runtime", "kata=runc");
  const image = "harbornode-test:kata";
  await importImage(image, { entries: await busyboxEntries(), socket: docker.socket });
  const options = {
    deviceId: "d",
    policy: NOTHING_ALLOWED,
    protectedPaths: [],
    credentialsDir: "/nonexistent/credentials",
    credentials: NO_LOGINS,
  };
  const host = `unix://${docker.socket}`;
  const runtime = await openDockerRuntime({
    ...options,
    host,
    inventory: new Inventory(),
    diskReserveBytes: 0,
    clock: systemClock,
  });
  await using stack = new AsyncDisposableStack();
  stack.defer(() => runtime.close());
  const workload = dockerWorkload({ name: "web", image, ociRuntime: "kata", command: ["/bin/sleep", "1000"] });
  await runtime.prepare(workload, () => {}, new AbortController().signal);
  const request = { workload, slot: 0, fingerprint: "f", filesDir: null, assignedPorts: [], previous: null };
  const { id } = await runtime.start(request);
  const { text } = await dockerCall(`/containers/${id}/json`, {}, docker.socket);
  assert.deepEqual([JSON.parse(text).HostConfig.Runtime, JSON.parse(text).State.Running], ["kata", true]);
});
