/** Who brings a container back: Docker, at once and at boot, where that was granted; and the daemon, whenever it comes. */
import assert from "node:assert/strict";
import { join } from "node:path";
import type { ListedContainer } from "../../src/runtime/docker/api_types.ts";
import { busyboxEntries, dockerCall, importImage } from "../support/docker_image.ts";
import { eventually } from "../support/eventually.ts";
import { OwnDocker } from "../support/own_docker.ts";
import { testNeeding } from "../support/prerequisite.ts";
import { pushedDevice } from "../support/repo_backed_device.ts";
import { tempDir } from "../support/temp.ts";

const IMAGE = "harbornode-test:boot";
const RESTART = 'restart = { policy = "POLICY", delay = "100ms", max_delay = "200ms", reset_after = "1s" }\n';

const deployment = (script: string, policy = "always") =>
  `image = "${IMAGE}"\ncommand = ${JSON.stringify(["/bin/sh", "-c", script])}\nstop_timeout = "100ms"\n` +
  RESTART.replace("POLICY", policy);

/** A device on a Docker of its own. */
async function ownDevice(files: Record<string, string>) {
  await using stack = new AsyncDisposableStack();
  const dir = stack.use(await tempDir());
  const docker = stack.use(new OwnDocker(join(dir.path, "docker")));
  await docker.boot();
  await importImage(IMAGE, { entries: await busyboxEntries(), socket: docker.socket });
  const here = stack.use(await pushedDevice({}, { extra: ["[docker]", `host = "unix://${docker.socket}"`] }));
  for (const [name, text] of Object.entries(files)) await here.repository.write(`deployments/${name}.toml`, text);
  await here.repository.commit("Containers");
  const owned = stack.move();
  const get = async <T>(path: string) => JSON.parse((await dockerCall(path, {}, docker.socket)).text) as T;
  return {
    ...here,
    docker,
    get,
    /** Ids of the containers that run, by workload. */
    async running(): Promise<Record<string, string>> {
      const listed = await get<ListedContainer[]>("/containers/json");
      return Object.fromEntries(listed.map(({ Id, Labels }) => [Labels!["harbornode.workload"]!, Id]));
    },
    async granted(name: string, policy: string): Promise<void> {
      const id = (await here.device.until(name, (workload) => workload.phase === "running")).instances[0]!
        .container_id!;
      await eventually(`${name} has restart policy ${policy}`, async () => {
        const { HostConfig } = await get<{ HostConfig: { RestartPolicy: { Name: string } } }>(`/containers/${id}/json`);
        return HostConfig.RestartPolicy.Name === policy;
      });
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

const NEEDS = ["git", "dockerd", "busybox", "root"] as const;

await testNeeding(
  [...NEEDS],
  "containers come back after a power cut without a daemon, and a late one adopts them",
  async () => {
    await using here = await ownDevice({
      web: deployment("exec sleep 3600"),
      "on-failure": deployment("exec sleep 3600", "on-failure"),
      never: deployment("exec sleep 3600", "never"),
      job: deployment("exec sleep 3600") + 'type = "job"\n',
    });
    const { device, docker } = here;
    await here.granted("web", "always");
    await here.granted("on-failure", "on-failure");
    await here.granted("never", "no");
    await here.granted("job", "no");
    const before = await here.running();
    await device.killDaemon();
    await docker.cutPower();
    await docker.boot();
    const booted = await here.running();
    assert.deepEqual(booted, { web: before.web, "on-failure": before["on-failure"] });

    await device.startDaemon();
    for (const name of ["web", "on-failure"]) {
      const { instances } = await device.until(
        name,
        (workload) => workload.phase === "running" && workload.sync === "synced",
      );
      assert.deepEqual([instances.length, instances[0]?.container_id], [1, before[name]]);
    }
    assert.equal(Object.keys(await here.get("/containers/json?all=1")).length, 4);
  },
);

await testNeeding(
  [...NEEDS],
  "a container comes back when Docker is started again, and there is one of it",
  async () => {
    await using here = await ownDevice({ web: deployment("trap 'exit 0' TERM; while :; do sleep 0.1; done") });
    const { device, docker } = here;
    await here.granted("web", "always");
    await docker.shutDown();
    await device.until("web", (workload) => workload.reason === "docker_unavailable");
    await docker.boot();
    const { instances } = await device.until(
      "web",
      (workload) => workload.phase === "running" && workload.sync === "synced",
    );
    assert.equal(instances.length, 1);
    assert.equal(Object.keys(await here.get("/containers/json?all=1")).length, 1);
  },
);

await testNeeding(
  [...NEEDS],
  "a steady container is restarted without a daemon; one that keeps ending is left to it",
  async () => {
    await using here = await ownDevice({ web: deployment("sleep 3; exit 7"), loop: deployment("exit 3") });
    const { device } = here;
    await here.granted("web", "always");
    await device.killDaemon();
    const restarts = async (name: string) => {
      const [found] = await here.get<ListedContainer[]>(
        `/containers/json?all=1&filters=${
          encodeURIComponent(JSON.stringify({ label: [`harbornode.workload=${name}`] }))
        }`,
      );
      const inspected = await here.get<{ RestartCount: number }>(`/containers/${found!.Id}/json`);
      return inspected.RestartCount;
    };
    await eventually("Docker restarts it", async () => await restarts("web") >= 1);
    assert.equal(await restarts("loop"), 0);
    await device.startDaemon();
    const { instances } = await device.until("web", (workload) => (workload.instances[0]?.restarts ?? 0) >= 1);
    assert.equal(instances.length, 1);
  },
);
