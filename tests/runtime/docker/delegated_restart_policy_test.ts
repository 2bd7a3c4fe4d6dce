/** Restarts that Docker makes by itself, as it was allowed to: counted, never beside a stop, and asked for once. */
import assert from "node:assert/strict";
import type { Instance } from "../../../src/model/instance.ts";
import { dockerCall } from "../../support/docker_image.ts";
import { eventually } from "../../support/eventually.ts";
import { testNeeding } from "../../support/prerequisite.ts";
import { tempDir } from "../../support/temp.ts";
import { type DockerDevice, dockerDevice, inspect } from "./docker_device.ts";
import { SocketProxy } from "./socket_proxy.ts";

const DOCKER = ["docker", "busybox"] as const;
const test = (name: string, fn: () => Promise<void>) => testNeeding([...DOCKER], name, fn);

/** Ends with the code that it finds in a file, and reads its files again when it is told to. */
const UNTIL_TOLD = [
  "/bin/sh",
  "-c",
  "trap : HUP; echo ready; while [ ! -e /tmp/end ]; do sleep 0.05; done; rc=$(cat /tmp/end); rm /tmp/end; exit $rc",
];

async function ready(device: DockerDevice): Promise<Instance> {
  let connected = false;
  device.runtime.watch(() => connected = true);
  await eventually("the event stream is there", () => connected);
  const instance = await device.start(device.workload({ command: UNTIL_TOLD }));
  await eventually("it is ready", async () => {
    const lines = await Array.fromAsync(device.runtime.logs(instance.workload, { tail: 1, follow: false }));
    return lines.length === 1;
  });
  return instance;
}

async function endWith(device: DockerDevice, instance: Instance, code: number): Promise<void> {
  const command = ["/bin/sh", "-c", `echo ${code} >/tmp/new; mv /tmp/new /tmp/end`];
  await device.runtime.execute(instance, device.workload(), command, AbortSignal.timeout(60_000));
}

const until = (device: DockerDevice, id: string, claim: (instance: Instance) => boolean) =>
  eventually("the instance is as claimed", async () => {
    const seen = await device.look(id);
    if (seen === undefined || !claim(seen)) throw new Error(JSON.stringify(seen));
    return seen;
  });

async function policy(id: string): Promise<string | undefined> {
  return (await inspect(id))?.HostConfig?.RestartPolicy?.Name;
}

await test("docker restarts what was granted, and each exit code is told", async () => {
  await using device = await dockerDevice();
  const one = await ready(device);
  assert.equal(one.respawns, undefined);
  await device.runtime.setRestartLease(one, []);
  await endWith(device, one, 3);
  const again = await until(device, one.id, ({ respawns, pid }) => respawns?.[0]?.exitCode === 3 && pid !== null);
  const first = again.respawns![0]!;
  assert.ok(first.startedAt <= first.endedAt && first.endedAt <= again.startedAt!, JSON.stringify(again));
  await endWith(device, one, 4);
  // Docker counts before it tells.
  const codes = ({ respawns }: Instance) => respawns?.map(({ exitCode }) => exitCode).join();
  await until(device, one.id, (found) => codes(found) === "3,4");
});

await test("docker restarts nothing that was not granted, nor what was taken back, nor a success that is final", async () => {
  await using device = await dockerDevice();
  const one = await ready(device);
  for (const finalCodes of [null, [0], [0, 9]]) {
    await device.runtime.setRestartLease(one, []);
    await device.runtime.setRestartLease(one, finalCodes);
    assert.equal(await policy(one.id), finalCodes?.length === 1 ? "on-failure" : "no");
    await endWith(device, one, 0);
    const ended = await until(device, one.id, ({ state }) => state === "exited");
    assert.deepEqual([ended.exitCode, ended.respawns], [0, undefined]);
    const next = await device.start(device.workload({ command: UNTIL_TOLD }), { previous: ended });
    assert.equal(next.id, one.id);
  }
});

await test("docker is asked once for a grant, and again only when someone has changed it", async () => {
  await using dir = await tempDir();
  await using proxy = new SocketProxy(`${dir.path}/docker.sock`);
  proxy.up();
  await using device = await dockerDevice({ socket: proxy.path });
  const one = await ready(device);
  const updates = () => proxy.requests.filter((request) => request.includes("/update")).length;
  await device.runtime.setRestartLease(one, null);
  assert.equal(updates(), 0);
  for (let pass = 0; pass < 5; pass++) {
    await device.runtime.setRestartLease(one, []);
    await device.look(one.id);
  }
  assert.equal(updates(), 1);
  await update(one.id, { RestartPolicy: { Name: "unless-stopped" } });
  await eventually("it is seen and set back", async () => {
    await device.look(one.id);
    await device.runtime.setRestartLease(one, []);
    return await policy(one.id) === "always";
  });
  assert.equal(updates(), 2);
});

await test("docker does not restart what was told to stop, though that was granted", async () => {
  await using device = await dockerDevice();
  const one = await ready(device);
  await device.runtime.setRestartLease(one, []);
  await device.runtime.stop(one, { signal: "SIGINT", timeoutMs: 100 });
  const stopped = await until(device, one.id, ({ state }) => state === "exited");
  assert.deepEqual([stopped.respawns, stopped.stoppedByHand, await policy(one.id)], [undefined, undefined, "no"]);
});

await test("docker restarts what was told to read its files again", async () => {
  await using device = await dockerDevice();
  const one = await ready(device);
  await device.runtime.setRestartLease(one, []);
  await device.runtime.signal(one, "SIGHUP");
  await endWith(device, one, 5);
  await until(device, one.id, ({ respawns, pid }) => respawns?.[0]?.exitCode === 5 && pid !== null);
});

await test("docker stops a container that waits for its next restart", async () => {
  await using device = await dockerDevice();
  const one = await device.start(device.workload({ command: ["/bin/false"] }));
  await eventually("Docker waits for a while", async () => {
    await device.look(one.id);
    await device.runtime.setRestartLease(one, []);
    const found = await inspect(one.id);
    if (found?.State.Status === "exited") await dockerCall(`/containers/${one.id}/start`, { method: "POST" });
    return found?.State.Status === "restarting" && found.RestartCount! >= 3;
  });
  await device.runtime.stop(one, { signal: "SIGTERM", timeoutMs: 1000 });
  const stopped = await until(device, one.id, ({ state }) => state === "exited");
  assert.equal(stopped.exitCode, 1);
});

await test("docker tells what somebody stopped or killed by hand from what ended by itself", async () => {
  await using device = await dockerDevice();
  const one = await ready(device);
  await device.runtime.setRestartLease(one, []);
  for (const by of ["kill", "kill?signal=SIGTERM", "stop?t=1", null]) {
    if (by === null) {
      await device.look(one.id);
      await device.runtime.setRestartLease(one, null);
      await endWith(device, one, 137);
    } else await dockerCall(`/containers/${one.id}/${by}`, { method: "POST" });
    // Pid 1 that did not ask for a signal ignores it.
    if (by?.includes("TERM")) await dockerCall(`/containers/${one.id}/kill`, { method: "POST" });
    const ended = await until(device, one.id, (found) => {
      return found.state === "exited" && found.stoppedByHand === (by === null ? undefined : true);
    });
    assert.equal(ended.exitCode, 137, by ?? "by itself");
    const again = await device.start(device.workload({ command: UNTIL_TOLD }), { previous: ended });
    assert.deepEqual([again.id, again.stoppedByHand], [one.id, undefined]);
  }
});

await test("docker tells a new daemon of the restarts that the last one did not see", async () => {
  await using device = await dockerDevice();
  const one = await ready(device);
  await device.runtime.setRestartLease(one, []);
  await using other = await dockerDevice({ adopts: device.id });
  await endWith(device, one, 6);
  await until(device, one.id, ({ respawns }) => respawns?.length === 1);
  const seen = await until(other, one.id, ({ respawns }) => respawns?.length === 1);
  assert.equal(seen.respawns?.[0]?.exitCode, null);
  other.runtime.watch(() => {});
  await until(other, one.id, ({ respawns }) => respawns?.[0]?.exitCode === 6);
});

async function update(id: string, body: unknown): Promise<void> {
  const headers = { "content-type": "application/json" };
  await dockerCall(`/containers/${id}/update`, { method: "POST", headers, body: JSON.stringify(body) });
}
