/** New files for a container whose manifest asks for a reload: what it reads after the signal is what was pushed. */
import assert from "node:assert/strict";
import type { WorkloadStatus } from "../../src/model/snapshot.ts";
import { busyboxImage } from "../support/docker_image.ts";
import { eventually } from "../support/eventually.ts";
import { testNeeding } from "../support/prerequisite.ts";
import { pushedDevice, SOON } from "../support/repo_backed_device.ts";

const isApplied = (workload: WorkloadStatus) =>
  workload.phase === "running" && workload.sync === "synced" && workload.health === "healthy";
const containerOf = (workload: WorkloadStatus) => workload.instances[0]!.container_id;

/** Says what it reads, at its start and at each SIGHUP. */
const READER = "trap 'echo again $(cat /etc/app/app.conf)' HUP; echo first $(cat /etc/app/app.conf); " +
  "while :; do sleep 0.05; done";

async function deployed(image: string, mount: string, fields = "") {
  await using stack = new AsyncDisposableStack();
  const here = stack.use(await pushedDevice({}, { extra: [] }));
  const { device, repository } = here;
  await repository.write(
    "deployments/app.toml",
    `image = "${image}"\ncommand = ${JSON.stringify(["/bin/sh", "-c", READER])}\nstop_timeout = "100ms"\n` +
      `on_change = "reload"\nmounts = ["${mount}"]\n${SOON}${fields}`,
  );
  const owned = stack.move();
  return {
    device,
    /** Pushes a content; returns the container that has it, and what that one has said. */
    async push(content: string) {
      await repository.write("deployments/app/conf/app.conf", content);
      const revision = await repository.commit(content);
      await eventually(`${content} is applied`, async () => (await device.status())?.source.applied === revision);
      const container = containerOf(await device.until("app", isApplied));
      const said = await eventually(`${content} was read`, async () => {
        const lines = (await device.cli("logs", "app")).out.trim().split("\n");
        return lines.at(-1)?.endsWith(content) === true && lines;
      });
      return { container, said };
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

await testNeeding(
  ["git", "docker", "busybox"],
  "a container whose configuration is mounted as a single file reads each new content, and the plan says why it is new",
  async () => {
    await using image = await busyboxImage();
    await using here = await deployed(image.name, "./conf/app.conf:/etc/app/app.conf:ro");
    const containers = new Set<string | null>();
    for (const content of ["one", "two", "three", "four"]) {
      const { container, said } = await here.push(content);
      containers.add(container);
      assert.deepEqual(said, [`first ${content}`]);
    }
    assert.equal(containers.size, 4);
    const events = (await here.device.status())!.events.map(({ message }) => message);
    const why = "files/conf/app.conf changed; a file that is mounted alone needs a new container";
    assert.ok(events.some((message) => message.includes(why)), events.join("\n"));
  },
);

await testNeeding(
  ["git", "docker", "busybox"],
  "a container whose configuration is mounted with its folder goes on, and reads each new content at the signal",
  async () => {
    await using image = await busyboxImage();
    await using here = await deployed(image.name, "./conf:/etc/app:ro");
    const { container } = await here.push("one");
    await here.push("two");
    await here.push("three");
    const last = await here.push("four");
    assert.equal(last.container, container);
    assert.deepEqual(last.said, ["first one", "again two", "again three", "again four"]);
  },
);
