import assert from "node:assert/strict";
import { dockerCall } from "../../support/docker_image.ts";
import { freePort } from "../../support/demo_daemon.ts";
import { eventually } from "../../support/eventually.ts";
import { testNeeding } from "../../support/prerequisite.ts";
import { dockerDevice } from "./docker_device.ts";

const DOCKER = ["docker", "busybox"] as const;
const SERVE = ["/bin/sh", "-c", "mkdir /www; echo hello > /www/index.html; exec httpd -f -p 80 -h /www"];
const port = (host: number | null) => ({
  name: null,
  hostAddress: "127.0.0.1",
  host,
  container: 80,
  protocol: "tcp" as const,
});

async function text(url: string): Promise<string> {
  const answer = await fetch(url, { headers: { connection: "close" } });
  return await answer.text();
}

await testNeeding(
  [...DOCKER],
  "docker publishes a port on the device and says that the instance holds it",
  async () => {
    await using device = await dockerDevice();
    const host = await freePort();
    const instance = await device.start(device.workload({ command: SERVE, ports: [port(host)] }));
    assert.deepEqual(instance.ports, [`${host}/tcp`]);
    const page = await eventually("it answers", () => text(`http://127.0.0.1:${host}/`).catch(() => null));
    assert.equal(page, "hello\n");
  },
);

await testNeeding(
  [...DOCKER],
  "docker gives the address of a port that is not published, until the container ends",
  async () => {
    await using device = await dockerDevice();
    const instance = await device.start(device.workload({ command: SERVE, ports: [port(null)] }));
    assert.deepEqual(instance.ports, []);
    const address = await device.runtime.address(instance, 80);
    assert.ok(address !== null);
    const page = await eventually(
      "it answers",
      () => text(`http://${address.host}:${address.port}/`).catch(() => null),
    );
    assert.equal(page, "hello\n");
    await device.runtime.stop(instance, { signal: "SIGKILL", timeoutMs: 0 });
    assert.equal(await device.runtime.address(instance, 80), null);
  },
);

await testNeeding(
  [...DOCKER],
  "docker says port_conflict when the port is taken, and leaves no container behind",
  async () => {
    await using device = await dockerDevice();
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const taken = (listener.addr as Deno.NetAddr).port;
    await assert.rejects(device.start(device.workload({ command: SERVE, ports: [port(taken)] })), {
      reason: "port_conflict",
      message: `Port "${taken}" is already taken on this device`,
    });
    const host = await freePort();
    await device.start(device.workload({ command: SERVE, ports: [port(host)] }));
    const second = device.workload({ name: `${device.workload().name}-two`, command: SERVE, ports: [port(host)] });
    await assert.rejects(device.start(second), { reason: "port_conflict" });
    const observation = await device.runtime.observe();
    assert.equal(observation.ok && observation.instances.length, 1);
  },
);

await testNeeding([...DOCKER], "docker shows the health of an image that has a check, as it changes", async () => {
  await using device = await dockerDevice({
    changes: [
      'CMD ["/bin/sleep","100000"]',
      'HEALTHCHECK --interval=200ms --timeout=5s --retries=1 CMD ["/bin/test","-e","/tmp/ok"]',
    ],
  });
  let told = 0;
  device.runtime.watch(() => told++);
  await eventually("the stream is there", () => told > 0);
  const instance = await device.start(device.workload());
  const health = (wanted: string) =>
    eventually(`it is ${wanted}`, async () => (await device.look(instance.id))?.runtimeHealth === wanted);
  await health("unhealthy");
  const before = told;
  const touched = await device.runtime.execute(
    instance,
    device.workload(),
    ["/bin/touch", "/tmp/ok"],
    new AbortController().signal,
  );
  assert.equal(touched.exitCode, 0);
  await health("healthy");
  // What is looked at may be there before the word of it.
  await eventually("it was told", () => told > before);
});

await testNeeding([...DOCKER], "docker shows no health of an image without a check", async () => {
  await using device = await dockerDevice();
  const instance = await device.start(device.workload());
  assert.equal(instance.runtimeHealth, null);
  assert.equal((await dockerCall(`/containers/${instance.id}/json`)).text.includes('"Health"'), false);
});
