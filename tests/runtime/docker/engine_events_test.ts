import assert from "node:assert/strict";
import { dockerCall } from "../../support/docker_image.ts";
import { eventually } from "../../support/eventually.ts";
import { testNeeding } from "../../support/prerequisite.ts";
import { tempDir } from "../../support/temp.ts";
import { dockerDevice } from "./docker_device.ts";
import { SocketProxy } from "./socket_proxy.ts";

const DOCKER = ["docker", "busybox"] as const;
const LONG = ["/bin/sleep", "100000"];
const kill = (id: string) => dockerCall(`/containers/${id}/kill`, { method: "POST" });

/** Counts calls; `next` waits for one more than there were. */
function counter() {
  let count = 0;
  return {
    called: () => void count++,
    async next(claim: string, act: () => Promise<unknown>): Promise<void> {
      const before = count;
      await act();
      await eventually(claim, () => count > before);
    },
  };
}

await testNeeding(
  [...DOCKER],
  "docker tells when a container is started, killed by hand, and removed by hand",
  async () => {
    await using device = await dockerDevice();
    const calls = counter();
    await calls.next("the stream is there", async () => device.runtime.watch(calls.called));
    const instance = await device.start(device.workload({ command: LONG }));
    await eventually("it runs", async () => (await device.look(instance.id))?.state === "running");
    await calls.next("it was told", () => kill(instance.id));
    const ended = await eventually("it is seen", async () => {
      const seen = await device.look(instance.id);
      return seen?.state === "exited" && seen;
    });
    assert.equal(ended.exitCode, 137);
    await calls.next("it was told", () => dockerCall(`/containers/${instance.id}`, { method: "DELETE" }));
    await eventually("it is seen", async () => await device.look(instance.id) === undefined);
  },
);

await testNeeding(
  [...DOCKER],
  "docker costs one request to observe while nothing changes, and none is stale",
  async () => {
    await using dir = await tempDir();
    await using proxy = new SocketProxy(`${dir.path}/docker.sock`);
    proxy.up();
    await using device = await dockerDevice({ socket: proxy.path });
    const calls = counter();
    await calls.next("the stream is there", async () => device.runtime.watch(calls.called));
    const instance = await device.start(device.workload({ command: LONG }));
    await eventually("an observation is one request", async () => {
      const before = proxy.requests.length;
      await device.look(instance.id);
      return proxy.requests.length - before === 1;
    });
    // The list says "running" before and after: only the events tell that it is another process.
    const first = await device.look(instance.id);
    await dockerCall(`/containers/${instance.id}/restart?t=0`, { method: "POST" });
    const pid = await eventually("the new process is seen", async () => {
      const seen = await device.look(instance.id);
      return seen?.state === "running" && seen.pid !== first?.pid && seen.pid;
    });
    assert.ok(pid > 0);
  },
);

await testNeeding([...DOCKER], "docker misses nothing when its event stream is cut", async () => {
  await using dir = await tempDir();
  await using proxy = new SocketProxy(`${dir.path}/docker.sock`);
  proxy.up();
  await using device = await dockerDevice({ socket: proxy.path });
  const calls = counter();
  await calls.next("the stream is there", async () => device.runtime.watch(calls.called));
  const instance = await device.start(device.workload({ command: LONG }));
  await device.look(instance.id);
  const streams = () => proxy.requests.filter((request) => request.includes("/events?")).length;

  await calls.next("the end of the stream was told", async () => proxy.cut());
  await kill(instance.id);
  await eventually(
    "what happened in between is seen",
    async () => (await device.look(instance.id))?.state === "exited",
  );
  await eventually("the stream is back", () => streams() >= 2);
  assert.match(proxy.requests.findLast((request) => request.includes("/events?"))!, /since=\d+/);

  const again = await device.start(device.workload({ command: LONG, env: { AGAIN: "1" } }), { previous: instance });
  await device.look(again.id);
  await calls.next("events are told again", () => kill(again.id));
  await eventually("it is seen", async () => (await device.look(again.id))?.state === "exited");
});

await testNeeding([...DOCKER], "docker that is not there is unknown, not empty, and seen when it comes", async () => {
  await using dir = await tempDir();
  await using proxy = new SocketProxy(`${dir.path}/docker.sock`);
  await using device = await dockerDevice({ socket: proxy.path });
  const calls = counter();
  device.runtime.watch(calls.called);
  assert.deepEqual(await device.runtime.observe(), {
    runtime: "docker",
    ok: false,
    reason: "docker_unavailable",
    message: `Docker does not answer on "${proxy.path}"`,
  });
  await assert.rejects(device.start(device.workload()), { name: "Failure", reason: "docker_unavailable" });

  await calls.next("its coming was told", async () => proxy.up());
  const instance = await device.start(device.workload({ command: LONG }));
  assert.equal((await device.look(instance.id))?.state, "running");

  await calls.next("its going was told", () => proxy.down());
  assert.equal((await device.runtime.observe()).ok, false);
  await calls.next("its return was told", async () => proxy.up());
  assert.equal((await device.look(instance.id))?.id, instance.id);
});
