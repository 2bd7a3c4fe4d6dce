/** Which signal ends a container: the manifest's, else the image's. */
import assert from "node:assert/strict";
import type { Instance } from "../../../src/model/instance.ts";
import { Engine } from "../../../src/runtime/docker/engine.ts";
import { containerStopSignal } from "../../../src/runtime/docker/stop_signal.ts";
import type { InspectedContainer } from "../../../src/runtime/docker/api_types.ts";
import { dockerCall } from "../../support/docker_image.ts";
import { eventually } from "../../support/eventually.ts";
import { DOCKER_SOCKET, testNeeding } from "../../support/prerequisite.ts";
import { type DockerDevice, dockerDevice } from "./docker_device.ts";

const NEEDS = ["docker", "busybox"] as const;
/** Ends with a code that tells which signal came; SIGTERM is heard and not followed, as PostgreSQL waits for clients. */
const TELLS = [
  "/bin/sh",
  "-c",
  "trap 'exit 2' INT; trap 'exit 28' WINCH; trap : TERM; echo up; while :; do sleep 0.05; done",
];

async function stopped(device: DockerDevice, instance: Instance, signal: "SIGWINCH" | null) {
  await eventually("its traps are set", async () => {
    const lines = await Array.fromAsync(device.runtime.logs(instance.workload, { tail: 5, follow: false }));
    return lines.some(({ text }) => text === "up");
  });
  await device.runtime.stop(instance, { signal, timeoutMs: 5000 });
  return (await device.look(instance.id))?.exitCode;
}

const configOf = async (id: string) =>
  JSON.parse((await dockerCall(`/containers/${id}/json`)).text).Config as { StopSignal?: string };

await testNeeding([...NEEDS], "the image's STOPSIGNAL ends a container whose manifest names none", async () => {
  await using device = await dockerDevice({ changes: ['CMD ["/bin/sh"]', "STOPSIGNAL SIGINT"] });
  const instance = await device.start(device.workload({ command: TELLS }));
  assert.equal((await configOf(instance.id)).StopSignal, "SIGINT");
  assert.equal(await stopped(device, instance, null), 2);
});

await testNeeding([...NEEDS], "a manifest's stop signal outdoes the image's", async () => {
  await using device = await dockerDevice({ changes: ['CMD ["/bin/sh"]', "STOPSIGNAL SIGINT"] });
  const instance = await device.start(device.workload({ command: TELLS, stopSignal: "SIGWINCH" }));
  assert.equal((await configOf(instance.id)).StopSignal, "SIGWINCH");
  assert.equal(await stopped(device, instance, "SIGWINCH"), 28);
});

await testNeeding(
  [...NEEDS],
  "a container that was created with SIGTERM by default ends by its image's signal",
  async () => {
    await using device = await dockerDevice({ changes: ['CMD ["/bin/sh"]', "STOPSIGNAL 2"] });
    // As HarborNode 0.1 created it.
    const instance = await device.start(device.workload({ command: TELLS, stopSignal: "SIGTERM" }));
    assert.equal(await stopped(device, instance, null), 2);
  },
);

await testNeeding(
  [...NEEDS],
  "a container whose image is gone ends by the signal that it was created with",
  async () => {
    await using device = await dockerDevice({ changes: ['CMD ["/bin/sh"]', "STOPSIGNAL SIGINT"] });
    const instance = await device.start(device.workload({ command: TELLS }));
    const { text } = await dockerCall(`/containers/${instance.id}/json`);
    const container = JSON.parse(text) as InspectedContainer;
    const engine = new Engine(DOCKER_SOCKET);
    try {
      const gone = { ...container, Image: `sha256:${"0".repeat(64)}` };
      assert.equal(await containerStopSignal(engine, gone), "SIGINT");
      assert.equal(await containerStopSignal(engine, { ...gone, Config: {} }), "SIGTERM");
    } finally {
      engine.close();
    }
  },
);
