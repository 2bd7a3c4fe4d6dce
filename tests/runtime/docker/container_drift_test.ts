/** What is changed of a container by hand is told, wakes, and is gone with its next start. */
import assert from "node:assert/strict";
import type { Instance } from "../../../src/model/instance.ts";
import { detectDrift } from "../../../src/runtime/docker/container_drift.ts";
import type { InspectedContainer } from "../../../src/runtime/docker/api_types.ts";
import { dockerCall } from "../../support/docker_image.ts";
import { eventually } from "../../support/eventually.ts";
import { testNeeding } from "../../support/prerequisite.ts";
import { type DockerDevice, dockerDevice, inspect } from "./docker_device.ts";

const DOCKER = ["docker", "busybox"] as const;
const MIB = 1024 * 1024;
const LIMITED = { resources: { memoryBytes: 64 * MIB, cpus: 0.5, pids: 32 } };

async function post(path: string, body?: unknown): Promise<void> {
  const headers = { "content-type": "application/json" };
  const { status, text } = await dockerCall(path, {
    method: "POST",
    ...(body === undefined ? {} : { headers, body: JSON.stringify(body) }),
  });
  assert.ok(status < 300, text);
}

/** A device whose wakes are counted, with one container. */
async function watched(fields: Parameters<DockerDevice["workload"]>[0] = {}) {
  const device = await dockerDevice();
  let wakes = 0;
  device.runtime.watch(() => wakes++);
  await eventually("the event stream is there", () => wakes > 0);
  const workload = device.workload({ command: ["/bin/sleep", "1000"], ...fields });
  const instance = await device.start(workload);
  await eventually("it has settled", async () => {
    const before = wakes;
    await device.look(instance.id);
    return before > 1 && wakes === before;
  });
  return {
    device,
    workload,
    instance,
    /** What is observed after `act`, which must wake. */
    async after(act: () => Promise<void>): Promise<Instance> {
      const before = wakes;
      await act();
      await eventually("it has woken", () => wakes > before);
      return (await device.look(instance.id))!;
    },
    [Symbol.asyncDispose]: () => device[Symbol.asyncDispose](),
  };
}

await testNeeding([...DOCKER], "docker tells which limit of a container was changed by hand", async () => {
  await using here = await watched(LIMITED);
  const { instance, after } = here;
  assert.equal(instance.altered, undefined);
  const update = (body: unknown) => post(`/containers/${instance.id}/update`, body);
  const cpus = await after(() => update({ NanoCpus: 1e9 }));
  assert.equal(cpus.altered, "its limit of cpus was changed from 0.5 to 1");
  await after(() => update({ NanoCpus: 5e8 }));
  const memory = await after(() => update({ Memory: 128 * MIB, MemorySwap: 256 * MIB }));
  assert.equal(memory.altered, "its memory limit was changed from 64 MiB to 128 MiB");
  const back = await after(() => update({ Memory: 64 * MIB, MemorySwap: 128 * MIB }));
  assert.equal(back.altered, undefined);
  const pids = await after(() => update({ PidsLimit: 99 }));
  assert.equal(pids.altered, "its limit of processes was changed from 32 to 99");
});

await testNeeding(
  [...DOCKER],
  "docker tells that a container was renamed, and starts another one instead",
  async () => {
    await using here = await watched();
    const { device, workload, instance, after } = here;
    const renamed = await after(() => post(`/containers/${instance.id}/rename?name=mine-${device.id}`));
    assert.deepEqual([renamed.state, renamed.altered], ["running", `it was renamed to "mine-${device.id}"`]);
    await device.runtime.stop(renamed, { signal: "SIGKILL", timeoutMs: 0 });
    const next = await device.start(workload, { previous: renamed });
    assert.notEqual(next.id, instance.id);
    assert.equal(next.altered, undefined);
    assert.equal(await inspect(instance.id), null);
  },
);

await testNeeding([...DOCKER], "docker tells that a container was connected and disconnected by hand", async () => {
  await using stack = new AsyncDisposableStack();
  await using here = await watched();
  const { device, instance, after } = here;
  const network = `harbornode-test-${device.id}`;
  await post("/networks/create", { Name: network, CheckDuplicate: true });
  stack.defer(async () => void await dockerCall(`/networks/${network}`, { method: "DELETE" }));
  const change = (name: string, verb: string) =>
    after(() => post(`/networks/${name}/${verb}`, { Container: instance.id, Force: true }));
  const connected = await change(network, "connect");
  assert.equal(connected.altered, `it was connected to network "${network}"`);
  assert.equal((await change(network, "disconnect")).altered, undefined);
  const [own] = Object.keys((await inspect(instance.id))!.NetworkSettings!.Networks!);
  const apart = await change(own!, "disconnect");
  assert.deepEqual([apart.altered, apart.canary], [undefined, true], "one that is to be joined again");
});

await testNeeding(
  [...DOCKER],
  "docker does not call a container altered that was paused, or that we stopped",
  async () => {
    await using here = await watched(LIMITED);
    const { device, instance, after } = here;
    const paused = await after(() => post(`/containers/${instance.id}/pause`));
    assert.deepEqual([paused.state, paused.altered], ["paused", undefined]);
    await device.runtime.setRestartLease(instance, []);
    const stopped = await after(() => device.runtime.stop(instance, { signal: "SIGKILL", timeoutMs: 0 }));
    assert.deepEqual([stopped.state, stopped.altered], ["exited", undefined]);
  },
);

const made = (fields: Partial<InspectedContainer>): InspectedContainer => ({
  Id: "1",
  Name: "/harbornode-web-0",
  Image: "sha256:1",
  State: { Status: "running" },
  Config: { Labels: { "harbornode.workload": "web", "harbornode.slot": "0", ...fields.Config?.Labels } },
  HostConfig: { NetworkMode: "default", ...fields.HostConfig },
  NetworkSettings: fields.NetworkSettings ?? { Networks: { bridge: {} } },
});

Deno.test("a container is not altered by what Docker left out, and by what others wrote into its labels", () => {
  assert.equal(detectDrift(made({})), null);
  assert.equal(detectDrift(made({ Config: { Labels: { "harbornode.made": '{"Memory":1024,"PidsLimit":9}' } } })), null);
  assert.equal(detectDrift(made({ Config: { Labels: { "harbornode.made": "{" } } })), null);
});

Deno.test("a container is where it belongs on the networks of its label, and where its mode puts it", () => {
  const label = { Labels: { "harbornode.networks": "shop,back" } };
  const on = (...names: string[]) => ({ Networks: Object.fromEntries(names.map((name) => [name, {}])) });
  assert.equal(detectDrift(made({ Config: label, NetworkSettings: on("back", "shop") })), null);
  assert.equal(detectDrift(made({ Config: label, NetworkSettings: on("back") })), null);
  assert.equal(
    detectDrift(made({ Config: label, NetworkSettings: on("back", "shop", "x") })),
    'it was connected to network "x"',
  );
  assert.equal(detectDrift(made({ NetworkSettings: on() })), "it was disconnected from its network");
  assert.equal(detectDrift(made({ HostConfig: { NetworkMode: "host" }, NetworkSettings: on("host") })), null);
  assert.equal(detectDrift(made({ HostConfig: { NetworkMode: "container:abc" }, NetworkSettings: on() })), null);
});
