/** Data in the VOLUME of an image outlives its container. */
import assert from "node:assert/strict";
import { fingerprint } from "../../../../src/model/fingerprint.ts";
import type { Instance } from "../../../../src/model/instance.ts";
import type { DockerWorkload } from "../../../../src/model/workload.ts";
import { createRequest } from "../../../../src/runtime/docker/request/create_request.ts";
import type { InspectedContainer, VolumesAnswer } from "../../../../src/runtime/docker/api_types.ts";
import { dockerCall } from "../../../support/docker_image.ts";
import { inContainer } from "../../../support/docker_exec.ts";
import { testNeeding } from "../../../support/prerequisite.ts";
import { type DockerDevice, dockerDevice } from "../docker_device.ts";

const NEEDS = ["docker", "busybox"] as const;
const VOLUME = { changes: ['CMD ["/bin/sleep", "1000000"]', "VOLUME /tmp /data"] };
const JSON_TYPE = { "content-type": "application/json" };

async function volumeDevice(): Promise<DockerDevice> {
  await using stack = new AsyncDisposableStack();
  // Volumes go last, since containers use them.
  const id = `test-${crypto.randomUUID().slice(0, 8)}`;
  stack.defer(async () => {
    for (
      const name of (await volumes(id)).flatMap((volumeAnswer) =>
        [volumeAnswer.Name, volumeAnswer.Labels?.["harbornode.volume"] ?? []].flat()
      )
    ) {
      await dockerCall(`/volumes/${name}?force=1`, { method: "DELETE" });
    }
  });
  const device = stack.use(await dockerDevice({ ...VOLUME, adopts: id }));
  const owned = stack.move();
  return { ...device, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

async function volumes(id: string): Promise<NonNullable<VolumesAnswer["Volumes"]>> {
  const filters = encodeURIComponent(JSON.stringify({ label: [`harbornode.device=${id}`] }));
  return (JSON.parse((await dockerCall(`/volumes?filters=${filters}`)).text) as VolumesAnswer).Volumes ?? [];
}

const inspect = async (id: string) =>
  JSON.parse((await dockerCall(`/containers/${id}/json`)).text) as InspectedContainer;
const mountedAt = async (id: string, path: string) =>
  (await inspect(id)).Mounts?.find(({ Destination }) => Destination === path);
const version = (device: DockerDevice, number: number, fields: Partial<DockerWorkload> = {}) =>
  device.workload({ env: { VERSION: String(number) }, ...fields });

async function replaced(device: DockerDevice, old: Instance, next: DockerWorkload): Promise<Instance> {
  await device.runtime.stop(old, { signal: "SIGKILL", timeoutMs: 0 });
  await device.runtime.remove(old);
  return await device.start(next);
}

const writes = (id: string, text: string) => inContainer(id, ["/bin/sh", "-c", `echo ${text} >/data/kept`]);

/** The content of a file as the container has it; null for none. */
async function reads(id: string, path = "/data/kept"): Promise<string | null> {
  const { status, text } = await dockerCall(`/containers/${id}/archive?path=${encodeURIComponent(path)}`);
  return status === 404 ? null : text.slice(512, 512 + Number.parseInt(text.slice(124, 135), 8)).trim();
}

/** As HarborNode 0.1 made it: Docker names the volumes of the image. */
async function startedBefore(device: DockerDevice, workload: DockerWorkload): Promise<Instance> {
  const marks = { deviceId: device.id, slot: 0, fingerprint: fingerprint(workload), endpoints: new Map() };
  const body = createRequest(workload, { ...marks, filesDir: null, hostPaths: new Map() });
  const name = `harbornode-${workload.name}-0`;
  const made = await dockerCall(`/containers/create?name=${name}`, {
    method: "POST",
    headers: JSON_TYPE,
    body: JSON.stringify(body),
  });
  const { Id } = JSON.parse(made.text) as { Id: string };
  await dockerCall(`/containers/${Id}/start`, { method: "POST" });
  return (await device.look(Id))!;
}

await testNeeding(
  [...NEEDS],
  "data in an image's VOLUME is there in the next container of its slot alone",
  async () => {
    await using device = await volumeDevice();
    const first = await device.start(version(device, 1));
    assert.deepEqual((await device.look(first.id))?.ownVolumes, ["/data", "/tmp"]);
    await writes(first.id, "precious");
    const other = await device.start(version(device, 1), { slot: 1 });
    assert.equal(await reads(other.id), null);
    const next = await replaced(device, first, version(device, 2));
    assert.equal(await reads(next.id), "precious");
    assert.equal((await mountedAt(next.id, "/data"))?.Name, `harbornode-${next.workload}-0-data`);
    // What the image has at the path is copied, with its mode.
    const { text } = await dockerCall(`/containers/${next.id}/archive?path=/tmp`);
    assert.equal(Number.parseInt(text.slice(100, 107), 8) & 0o7777, 0o1777);

    // By hand, with all volumes that belong to no name.
    await dockerCall(`/containers/${next.id}?force=1&v=1`, { method: "DELETE" });
    const repaired = await device.start(version(device, 2));
    assert.equal(await reads(repaired.id), "precious");
  },
);

await testNeeding(
  [...NEEDS],
  "what the manifest mounts at the path of a VOLUME is mounted, and no volume made",
  async () => {
    await using device = await volumeDevice();
    const mounts: DockerWorkload["mounts"] = [
      { type: "tmpfs", target: "/data", sizeBytes: null },
      { type: "volume", source: `${device.id}-named`, target: "/tmp/", readOnly: true },
    ];
    const one = await device.start(version(device, 1, { mounts }));
    assert.deepEqual((await volumes(device.id)).map(({ Name }) => Name), [`${device.id}-named`]);
    assert.equal((await mountedAt(one.id, "/data"))?.Type, "tmpfs");
    assert.equal((await mountedAt(one.id, "/tmp"))?.RW, false);
    assert.equal((await device.look(one.id))?.ownVolumes, undefined);
  },
);

await testNeeding(
  [...NEEDS],
  "a volume that Docker named for a container of 0.1 is taken over with its data",
  async () => {
    await using device = await volumeDevice();
    const before = await startedBefore(device, version(device, 1));
    const { Name: unnamed } = (await mountedAt(before.id, "/data"))!;
    assert.match(unnamed!, /^[0-9a-f]{64}$/);
    assert.deepEqual(before.ownVolumes, ["/data", "/tmp"]);
    await writes(before.id, "precious");
    const next = await replaced(device, before, version(device, 2));
    assert.equal((await mountedAt(next.id, "/data"))?.Name, unnamed);
    assert.equal(await reads(next.id), "precious");
    const again = await replaced(device, next, version(device, 3));
    assert.equal((await mountedAt(again.id, "/data"))?.Name, unnamed);
    // Another daemon, which remembers nothing.
    await device.runtime.close();
    await using later = await dockerDevice({ ...VOLUME, adopts: device.id });
    const last = await replaced(later, again, version(device, 4));
    assert.equal((await mountedAt(last.id, "/data"))?.Name, unnamed);
  },
);

await testNeeding(
  [...NEEDS],
  "a container of 0.1 that somebody removes by hand leaves its data to the next",
  async () => {
    await using device = await volumeDevice();
    const before = await startedBefore(device, version(device, 1));
    await writes(before.id, "precious");
    await device.all();
    await dockerCall(`/containers/${before.id}?force=1`, { method: "DELETE" });
    const next = await device.start(version(device, 1));
    assert.equal(await reads(next.id), "precious");
  },
);

await testNeeding([...NEEDS], "a renamed workload keeps its data, and its old name begins without", async () => {
  await using device = await volumeDevice();
  const old = await device.start(version(device, 1));
  await writes(old.id, "precious");
  const name = `${old.workload}-new`;
  const next = await replaced(device, old, version(device, 2, { name, movedFrom: old.workload }));
  assert.equal(await reads(next.id), "precious");
  // Once taken over, the manifest need not say where it came from.
  const later = await replaced(device, next, version(device, 3, { name }));
  assert.equal(await reads(later.id), "precious");
  const fresh = await device.start(version(device, 1));
  assert.equal(await reads(fresh.id), null);
});

await testNeeding([...NEEDS], "the volume of an image's VOLUME is its workload's alone", async () => {
  await using device = await volumeDevice();
  await device.start(version(device, 1));
  const [source] = (await volumes(device.id)).map(({ Name }) => Name);
  const mounts: DockerWorkload["mounts"] = [{ type: "volume", source: source!, target: "/stolen", readOnly: true }];
  await assert.rejects(device.start(version(device, 1, { name: `${device.id}-thief`, mounts })), {
    reason: "policy_denied",
  });
});
