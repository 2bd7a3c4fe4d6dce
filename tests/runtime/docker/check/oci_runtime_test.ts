import assert from "node:assert/strict";
import { testNeeding } from "../../../support/prerequisite.ts";
import { dockerDevice, inspect } from "../docker_device.ts";

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
    assert.deepEqual(await device.runtime.observe(), { runtime: "docker", ok: true, instances: [] });
  },
);
