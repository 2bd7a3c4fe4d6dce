/** Networks of real containers: who finds whom is asked of the containers themselves. */
import assert from "node:assert/strict";
import type { DockerWorkload } from "../../../../src/model/workload.ts";
import { dockerCall } from "../../../support/docker_image.ts";
import { eventually } from "../../../support/eventually.ts";
import { testNeeding } from "../../../support/prerequisite.ts";
import { type DockerDevice, dockerDevice, inspect } from "../docker_device.ts";

const DOCKER = ["docker", "busybox"] as const;
/** Says who it is to everybody who asks on port 80. */
const serves = (who: string) => ["/bin/nc", "-ll", "-p", "80", "-e", "/bin/echo", who];

interface Network {
  Id: string;
  Name: string;
  Labels: Record<string, string>;
}

async function networksOf(device: DockerDevice): Promise<Network[]> {
  const filters = encodeURIComponent(JSON.stringify({ label: [`harbornode.device=${device.id}`] }));
  return JSON.parse((await dockerCall(`/networks?filters=${filters}`)).text);
}

/** What one container hears on port 80 of a name; null where it finds nobody. */
async function heard(device: DockerDevice, id: string, name: string): Promise<string | null> {
  const instance = (await device.look(id))!;
  const command = ["/bin/sh", "-c", `nc -w 5 ${name} 80 </dev/null`];
  const { exitCode, output } = await device.runtime.execute(
    instance,
    device.workload(),
    command,
    AbortSignal.timeout(60_000),
  );
  return exitCode === 0 ? output.trim() : null;
}

const eventuallyHeard = (device: DockerDevice, id: string, name: string, who: string) =>
  eventually(`"${name}" is ${who}`, async () => await heard(device, id, name) === who);

await testNeeding(
  [...DOCKER],
  "containers of one namespace find each other by name and alias, and no others",
  async () => {
    await using device = await dockerDevice();
    const of = (name: string, fields: Partial<DockerWorkload> = {}) =>
      device.start(device.workload({ name: `${device.id}-${name}`, command: serves(name), ...fields }));
    const web = await of("web");
    const db = await of("db", { aliases: ["database"] });
    const shop = await of("shop", { namespace: "shop" });
    const both = await of("both", { networks: ["shop"] });
    const name = (one: string) => `${device.id}-${one}`;
    await eventuallyHeard(device, web.id, name("db"), "db");
    await eventuallyHeard(device, web.id, "database", "db");
    await eventuallyHeard(device, db.id, name("both"), "both");
    await eventuallyHeard(device, shop.id, name("both"), "both");
    await eventuallyHeard(device, both.id, name("shop"), "shop");
    assert.equal(await heard(device, web.id, name("shop")), null);
    assert.equal(await heard(device, shop.id, name("web")), null);
    const labels = (await networksOf(device)).map((network) => network.Labels["harbornode.namespace"]).sort();
    assert.deepEqual(labels, ["default", "shop"]);
    const address = await device.runtime.address(both, 80);
    assert.match(address!.host, /^\d+\./);
    for (const { id } of [web, db, shop, both]) assert.equal((await device.look(id))?.canary, undefined);
  },
);

await testNeeding(
  [...DOCKER],
  "a network goes with the last container that belongs to it, running or not",
  async () => {
    await using device = await dockerDevice();
    const workload = device.workload({ command: serves("web"), namespace: "shop" });
    const [first, second] = [await device.start(workload), await device.start(workload, { slot: 1 })];
    const kill = { signal: "SIGKILL", timeoutMs: 0 } as const;
    await device.runtime.stop(first, kill);
    await device.runtime.stop(second, kill);
    await device.runtime.remove(first);
    assert.equal((await networksOf(device)).length, 1);
    assert.equal((await device.start(workload, { slot: 1, previous: second })).id, second.id);
    await device.runtime.stop(second, kill);
    await device.runtime.remove(second);
    assert.deepEqual(await networksOf(device), []);
  },
);

await testNeeding(
  [...DOCKER],
  "a network that was removed by hand is made again, and the container with it",
  async () => {
    await using device = await dockerDevice();
    const workload = device.workload({ command: serves("web") });
    const first = await device.start(workload);
    await device.runtime.stop(first, { signal: "SIGKILL", timeoutMs: 0 });
    const [network] = await networksOf(device);
    assert.equal((await dockerCall(`/networks/${network!.Id}`, { method: "DELETE" })).status, 204);
    const second = await device.start(workload, { previous: first });
    assert.notEqual(second.id, first.id);
    assert.equal(second.state, "running");
  },
);

await testNeeding(
  [...DOCKER],
  "a network of somebody else is joined by the owner's word alone, and never removed",
  async () => {
    const name = `harbornode-test-${crypto.randomUUID().slice(0, 8)}`;
    await using stack = new AsyncDisposableStack();
    stack.defer(async () => void await dockerCall(`/networks/${name}`, { method: "DELETE" }));
    const body = JSON.stringify({ Name: name });
    const headers = { "content-type": "application/json" };
    await dockerCall("/networks/create", { method: "POST", headers, body });

    await using strict = await dockerDevice();
    const hint = "leave it out, or add it to allow_networks in [policy] of config.toml";
    const message = `networks: the owner of this device does not allow "${name}"`;
    const refused = { reason: "policy_denied", message, hint };
    await assert.rejects(strict.start(strict.workload({ networks: [name] })), refused);
    await assert.rejects(
      strict.runtime.prepare(strict.workload({ networks: [name] }), () => {}, new AbortController().signal),
      refused,
    );

    await using device = await dockerDevice({ policy: { allowNetworks: [name, "no-such"] } });
    const instance = await device.start(device.workload({ command: serves("web"), networks: [name] }));
    assert.ok(name in (await inspect(instance.id))!.NetworkSettings!.Networks!);
    await device.runtime.stop(instance, { signal: "SIGKILL", timeoutMs: 0 });
    await device.runtime.remove(instance);
    assert.equal((await dockerCall(`/networks/${name}`)).status, 200);
    await assert.rejects(device.start(device.workload({ networks: ["no-such"] })), {
      reason: "start_failed",
      message: 'networks: there is no network "no-such" on this device',
    });
  },
);

await testNeeding([...DOCKER], "a container without a network has none, and finds nobody", async () => {
  await using device = await dockerDevice();
  const alone = await device.start(device.workload({ command: serves("alone"), network: "none" }));
  assert.equal(await device.runtime.address(alone, 80), null);
  assert.deepEqual(await networksOf(device), []);
  const host = await device.start(device.workload({ name: `${device.id}-host`, network: "host" }));
  assert.deepEqual(await device.runtime.address(host, 80), { host: "127.0.0.1", port: 80 });
});

await testNeeding([...DOCKER], "two devices have networks of their own, also where their ids begin alike", async () => {
  await using one = await dockerDevice();
  await using other = await dockerDevice();
  await one.start(one.workload({ command: serves("one") }));
  await other.start(other.workload({ command: serves("other") }));
  const names = [...await networksOf(one), ...await networksOf(other)].map(({ Name }) => Name);
  assert.equal(new Set(names).size, 2);
});
