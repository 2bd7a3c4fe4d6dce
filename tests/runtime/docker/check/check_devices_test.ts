/** Devices and GPUs of containers: what Docker gives is looked at from inside. */
import assert from "node:assert/strict";
import type { DockerWorkload } from "../../../../src/model/workload.ts";
import { dockerCall } from "../../../support/docker_image.ts";
import { eventually } from "../../../support/eventually.ts";
import { testNeeding } from "../../../support/prerequisite.ts";
import { type DockerDevice, dockerDevice } from "../docker_device.ts";

/** A node that every Linux has, and no image; only what was asked for can be opened. */
const DEVICE = "/dev/loop-control";
const OPENS = ["/bin/sh", "-c", `if (: <${DEVICE}); then echo opened; else echo closed; fi; ls ${DEVICE}`];

async function said(device: DockerDevice, workload: DockerWorkload): Promise<string[]> {
  const { id } = await device.start(workload);
  await eventually("it ended", async () => (await device.look(id))?.state === "exited");
  const lines = await Array.fromAsync(device.runtime.logs(workload.name, { tail: 10, follow: false }));
  return lines.filter((line) => line.stream === "stdout").map((line) => line.text);
}

/** The same, whether it is prepared or started; and no container is left of it. */
async function refuses(device: DockerDevice, fields: Partial<DockerWorkload>, expected: Record<string, string>) {
  const workload = device.workload(fields);
  const never = new AbortController().signal;
  for (const attempt of [() => device.runtime.prepare(workload, () => {}, never), () => device.start(workload)]) {
    await assert.rejects(attempt(), { name: "Failure", ...expected });
  }
  assert.deepEqual(await device.all(), []);
}

await testNeeding(["docker", "busybox"], "a container has the devices that it asks for, and no others", async () => {
  await using device = await dockerDevice();
  assert.deepEqual(await said(device, device.workload({ command: OPENS })), ["closed"]);
  const asking = device.workload({ name: `${device.id}-asks`, command: OPENS, devices: [DEVICE] });
  assert.deepEqual(await said(device, asking), ["opened", DEVICE]);
});

await testNeeding(["docker", "busybox"], "a container gets no device that is gone, or none", async () => {
  await using device = await dockerDevice();
  await refuses(device, { devices: ["/dev/no-such"] }, { message: 'there is no device "/dev/no-such"' });
  // Docker would give all that is in the folder.
  await refuses(device, { devices: ["/dev/shm"] }, { message: '"/dev/shm" is not a device' });
});

await testNeeding(["docker", "busybox"], "a Docker without a driver for GPUs is told as that", async () => {
  const { text } = await dockerCall("/info");
  // Where there is one, nothing of this can be seen.
  if (/nvidia/i.test(text)) return;
  await using device = await dockerDevice();
  for (const gpus of ["all", 2] as const) {
    await assert.rejects(device.start(device.workload({ command: OPENS, gpus })), {
      name: "Failure",
      kind: "refused",
      reason: "start_failed",
      message: "gpus: Docker has no driver for GPUs on this device",
      hint: "install the NVIDIA Container Toolkit and restart Docker, or leave gpus out; the start is tried again",
    });
  }
  assert.deepEqual(await device.all(), []);
});
