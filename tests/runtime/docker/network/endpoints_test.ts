/** A container beside the one that it follows: nobody finds it before it is published, and it keeps what it has. */
import assert from "node:assert/strict";
import type { DockerWorkload } from "../../../../src/model/workload.ts";
import { dockerCall } from "../../../support/docker_image.ts";
import { eventually } from "../../../support/eventually.ts";
import { testNeeding } from "../../../support/prerequisite.ts";
import { type DockerDevice, dockerDevice, inspect } from "../docker_device.ts";

const DOCKER = ["docker", "busybox"] as const;
const KILL = { signal: "SIGKILL", timeoutMs: 0 } as const;
const serves = (who: string) => ["/bin/nc", "-ll", "-p", "80", "-e", "/bin/echo", who];
const sh = (script: string) => ["/bin/sh", "-c", script];

async function lines(device: DockerDevice, workload: DockerWorkload): Promise<string[]> {
  const all = await Array.fromAsync(device.runtime.logs(workload.name, { tail: null, follow: false }));
  return all.map(({ text }) => text);
}

await testNeeding(
  [...DOCKER],
  "who asks for a name in a loop hears the old one, then both, then the new one; never one that is withheld",
  async () => {
    await using device = await dockerDevice();
    const name = `${device.id}-web`;
    const spec = (who: string) => device.workload({ name, command: serves(who), aliases: ["www"] });
    const old = await device.start(spec("old"));
    const asks = device.workload({
      name: `${device.id}-asks`,
      command: sh("while :; do nc -w 5 www 80 </dev/null || echo nobody; sleep 0.02; done"),
    });
    await device.start(asks);
    const saidSince = async (count: number) => (await lines(device, asks)).slice(count);
    await eventually("the old one answers", async () => (await saidSince(0)).includes("old"));

    const next = await device.start(spec("new"), { canary: true, previous: old });
    assert.equal(next.canary, true);
    assert.equal((await device.look(old.id))?.state, "running");
    assert.notEqual((await inspect(next.id))?.Name, (await inspect(old.id))?.Name);
    const before = (await saidSince(0)).length;
    await eventually("it was asked often", async () => (await saidSince(before)).length > 40);
    assert.deepEqual([...new Set(await saidSince(before))], ["old"]);

    const reached = await device.runtime.address(next, 80);
    await device.runtime.publish(next, spec("new"));
    assert.equal((await device.look(next.id))?.canary, undefined);
    assert.deepEqual(await device.runtime.address(next, 80), reached);
    await eventually("both answer", async () => new Set(await saidSince(before)).size === 2);
    await device.runtime.stop(old, KILL);
    await device.runtime.remove(old);
    const after = (await saidSince(0)).length;
    await eventually("it was asked often again", async () => (await saidSince(after)).length > 40);
    assert.deepEqual([...new Set((await saidSince(after)).slice(5))], ["new"]);
  },
);

await testNeeding(
  [...DOCKER],
  "a withheld container finds others, and its connections outlive the publishing",
  async () => {
    await using device = await dockerDevice();
    const echo = device.workload({
      name: `${device.id}-db`,
      command: ["/bin/nc", "-ll", "-p", "80", "-e", "/bin/cat"],
    });
    const db = await device.start(echo);
    const script = `(i=0; while :; do echo $i; i=$((i+1)); sleep 0.05; done) | nc ${echo.name} 80`;
    const talks = device.workload({ name: `${device.id}-web`, command: sh(script) });
    const instance = await device.start(talks, { canary: true });
    await eventually("it talks", async () => (await lines(device, talks)).length > 3);
    await device.runtime.publish(instance, talks);
    const count = (await lines(device, talks)).length;
    await eventually("it still talks", async () => (await lines(device, talks)).length > count + 20);
    const numbers = (await lines(device, talks)).map(Number);
    assert.deepEqual(numbers, numbers.map((_, index) => index), "a line was lost, or the connection was made again");
    assert.equal((await device.look(db.id))?.state, "running");
  },
);

await testNeeding([...DOCKER], "publishing goes on where it was cut off, and may be done again", async () => {
  await using device = await dockerDevice();
  const workload = device.workload({ command: serves("web"), networks: ["shop"] });
  const instance = await device.start(workload, { canary: true });
  const networks = Object.keys((await inspect(instance.id))!.NetworkSettings!.Networks!);
  assert.equal(networks.length, 2);
  const cut = async () => {
    const body = JSON.stringify({ Container: instance.id });
    const headers = { "content-type": "application/json" };
    const { status } = await dockerCall(`/networks/${networks[0]}/disconnect`, { method: "POST", headers, body });
    assert.equal(status, 200);
  };
  await cut();
  assert.equal((await device.look(instance.id))?.canary, true);
  await device.runtime.publish(instance, workload);
  assert.equal((await device.look(instance.id))?.canary, undefined);
  await cut();
  assert.equal((await device.look(instance.id))?.canary, true);
  await device.runtime.publish(instance, workload);
  await device.runtime.publish(instance, workload);
  const there = (await inspect(instance.id))!.NetworkSettings!.Networks!;
  for (const name of networks) assert.ok(there[name]?.Aliases?.includes(workload.name));
});

await testNeeding(
  [...DOCKER],
  "a container that ended is found or withheld when it runs again, as it is asked to be",
  async () => {
    await using device = await dockerDevice();
    const workload = device.workload({ command: serves("web") });
    let instance = await device.start(workload, { canary: true });
    for (const canary of [false, true, true, false]) {
      await device.runtime.stop(instance, KILL);
      const again = await device.start(workload, { canary, previous: instance });
      assert.equal(again.id, instance.id);
      assert.equal(again.canary ?? false, canary);
      instance = again;
    }
    await device.runtime.stop(instance, KILL);
    instance = await device.start(workload, { canary: true, previous: instance });
    await device.runtime.publish(instance, workload);
    const address = await device.runtime.address(instance, 80);
    await device.runtime.stop(instance, KILL);
    // Somebody else has its address meanwhile, which it asked for when it was published.
    const endpoint = { IPAMConfig: { IPv4Address: address!.host } };
    const other = await device.start(device.workload({ name: `${device.id}-other`, command: serves("other") }));
    const [network] = Object.keys((await inspect(other.id))!.NetworkSettings!.Networks!);
    const call = (verb: string, body: unknown) =>
      dockerCall(`/networks/${network}/${verb}`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(body),
      });
    await call("disconnect", { Container: other.id });
    assert.equal((await call("connect", { Container: other.id, EndpointConfig: endpoint })).status, 200);
    assert.equal((await device.start(workload, { previous: instance })).id, instance.id);
  },
);
