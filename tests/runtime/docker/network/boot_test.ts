/** Networks over a start of Docker, when it brings containers back by itself and nobody else is there. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { systemClock } from "../../../../src/clock.ts";
import { openDockerRuntime } from "../../../../src/runtime/docker/docker_runtime.ts";
import { busyboxEntries, importImage } from "../../../support/docker_image.ts";
import { eventually } from "../../../support/eventually.ts";
import { OwnDocker } from "../../../support/own_docker.ts";
import { testNeeding } from "../../../support/prerequisite.ts";
import { tempDir } from "../../../support/temp.ts";
import { Inventory, NO_LOGINS, NOTHING_ALLOWED } from "../docker_device.ts";
import { dockerWorkload } from "../docker_workload.ts";

await testNeeding(
  ["dockerd", "busybox", "root"],
  "what Docker starts by itself has its names, and addresses that no two want",
  async () => {
    await using dir = await tempDir();
    await using docker = new OwnDocker(join(dir.path, "docker"));
    await docker.boot();
    const image = "harbornode-test:boot";
    await importImage(image, { entries: await busyboxEntries(), socket: docker.socket });
    const runtime = await openDockerRuntime({
      host: `unix://${docker.socket}`,
      deviceId: "0123456789abcdef",
      policy: NOTHING_ALLOWED,
      protectedPaths: [],
      credentialsDir: "/nonexistent/credentials",
      credentials: NO_LOGINS,
      inventory: new Inventory(),
      diskReserveBytes: 0,
      clock: systemClock,
    });
    await using stack = new AsyncDisposableStack();
    stack.defer(() => runtime.close());
    const start = async (name: string, canary: boolean) => {
      const workload = dockerWorkload({ name, image, command: ["/bin/sleep", "100000"] });
      const request = { workload, slot: 0, fingerprint: "f", filesDir: null, assignedPorts: [], previous: null };
      const instance = await runtime.start({ ...request, canary });
      if (canary && name !== "waits") await runtime.publish(instance, workload);
      return instance;
    };
    const seen = async () => {
      const observation = await runtime.observe();
      assert.ok(observation.ok, observation.ok ? "" : observation.message);
      return observation.instances;
    };
    // Those that were published come first, so that what Docker hands out at a boot would be theirs.
    for (const [name, canary] of [["a", true], ["b", true], ["c", false], ["d", false], ["waits", true]] as const) {
      await start(name, canary);
    }
    await seen();
    for (const instance of await seen()) await runtime.setRestartLease(instance, []);
    const before = new Map<string, string | undefined>();
    for (const instance of await seen()) before.set(instance.workload, (await runtime.address(instance, 80))?.host);
    await docker.shutDown();
    await docker.boot();
    const after = await eventually("all of them run", async () => {
      const instances = await runtime.observe();
      return instances.ok && instances.instances.every(({ state }) => state === "running") && instances.instances;
    });
    assert.deepEqual(after.filter(({ canary }) => canary === true).map(({ workload }) => workload), ["waits"]);
    const hosts = new Map<string, string | undefined>();
    for (const instance of after) hosts.set(instance.workload, (await runtime.address(instance, 80))?.host);
    assert.equal(new Set(hosts.values()).size, 5);
    for (const name of ["a", "b", "waits"]) assert.equal(hosts.get(name), before.get(name));
  },
);
