/** Containers that somebody changes by hand, and what follows. */
import assert from "node:assert/strict";
import type { WorkloadStatus } from "../../src/model/snapshot.ts";
import { busyboxImage, dockerCall } from "../support/docker_image.ts";
import { eventually } from "../support/eventually.ts";
import { testNeeding } from "../support/prerequisite.ts";
import { pushedDevice, SOON } from "../support/repo_backed_device.ts";

const containerOf = (workload: WorkloadStatus) => workload.instances[0]?.container_id ?? null;
const isWell = (workload: WorkloadStatus) =>
  workload.phase === "running" && workload.health === "healthy" && workload.sync === "synced";

async function deployed(fields = "") {
  await using stack = new AsyncDisposableStack();
  const image = stack.use(await busyboxImage());
  const here = stack.use(await pushedDevice({}, { extra: [] }));
  const manifest = `image = "${image.name}"\ncommand = ["sleep", "3600"]\nstop_timeout = "100ms"\n${SOON}${fields}`;
  await here.repository.write("deployments/web.toml", manifest);
  await here.repository.commit("A container");
  const first = await here.device.until("web", (workload) => isWell(workload) && workload.history.length === 1);
  const owned = stack.move();
  const post = async (verb: string, body?: unknown) => {
    const id = containerOf((await here.device.workload("web"))!);
    const { status, text } = await dockerCall(`/containers/${id}/${verb}`, {
      method: "POST",
      ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { "content-type": "application/json" } }),
    });
    assert.ok(status < 300, text);
  };
  return { ...here, manifest, first, post, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

await testNeeding(["docker", "busybox", "git"], "what is stopped, paused or altered by hand is put right", async () => {
  await using here = await deployed("resources = { pids = 50 }\n");
  const { device, post } = here;
  let last = containerOf(here.first);
  const reasons = async () =>
    (await device.status())!.events.filter((event) => event.reason === "drift").map((it) => it.message);
  for (
    const [act, said] of [
      [() => post("stop?t=0"), /was stopped by hand/],
      [() => post("pause"), /was paused by hand/],
      [() => post("update", { PidsLimit: 70 }), /its limit of processes was changed from 50 to 70/],
    ] as const
  ) {
    await act();
    const mended = await device.until("web", (workload) => isWell(workload) && containerOf(workload) !== last);
    last = containerOf(mended);
    await eventually("the reason is told", async () => said.test((await reasons()).at(-1) ?? ""));
  }
  const { text } = await dockerCall(`/containers/${last}/json`);
  assert.equal((JSON.parse(text) as { HostConfig: { PidsLimit: number } }).HostConfig.PidsLimit, 50);
});

await testNeeding(
  ["docker", "busybox", "git"],
  "what is removed again and again is left alone after three repairs, until the owner asks for it",
  async () => {
    await using here = await deployed();
    const { device } = here;
    let last = containerOf(here.first);
    const remove = async () => void await dockerCall(`/containers/${last}?force=1`, { method: "DELETE" });
    for (let round = 0; round < 3; round++) {
      await remove();
      last = containerOf(await device.until("web", (workload) => isWell(workload) && containerOf(workload) !== last));
    }
    await remove();
    const held = await device.until(
      "web",
      (workload) => workload.reason === "repair_limit" && workload.instances.length === 0,
    );
    assert.equal(held.instances.length, 0);
    assert.match(held.message, /^was removed by hand; was put right 3 times in 10 minutes and is left alone now$/);
    const events = (await device.status())!.events.filter((event) => event.reason === "repair_limit");
    assert.equal(events.length, 1);
    await device.killDaemon();
    await device.startDaemon();
    assert.equal((await device.until("web", (workload) => workload.reason === "repair_limit")).instances.length, 0);
    await device.cli("restart", "web");
    await device.until("web", isWell);
  },
);

await testNeeding(
  ["docker", "busybox", "git"],
  'drift = "report" shows what was changed and leaves it, and "off" does not even look',
  async () => {
    await using here = await deployed('drift = "report"\n');
    const { device, repository, post } = here;
    await post("pause");
    const shown = await device.until("web", (workload) => workload.reason === "drift");
    assert.equal(shown.sync, "out-of-sync");
    assert.equal(shown.message, 'was paused by hand; drift = "report" leaves it so');
    assert.equal(containerOf(shown), containerOf(here.first));
    await post("unpause");
    await device.until("web", isWell);

    await repository.write("deployments/web.toml", here.manifest.replace('"report"', '"off"'));
    await repository.commit("Look away");
    await post("update", { CpuShares: 512 });
    await eventually("the change is applied", async () => {
      const { source } = (await device.status())!;
      return source.applied === source.seen && source.seen !== null;
    });
    const left = await device.until("web", isWell);
    assert.equal(containerOf(left), containerOf(here.first));
  },
);
