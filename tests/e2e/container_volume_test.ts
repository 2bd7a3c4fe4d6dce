/** Data in the VOLUME of an image, over everything that replaces its container. */
import assert from "node:assert/strict";
import { join } from "node:path";
import type { WorkloadStatus } from "../../src/model/snapshot.ts";
import type { ListedContainer, VolumesAnswer } from "../../src/runtime/docker/api_types.ts";
import { busyboxEntries, dockerCall, importImage } from "../support/docker_image.ts";
import { eventually } from "../support/eventually.ts";
import { OwnDocker } from "../support/own_docker.ts";
import { testNeeding } from "../support/prerequisite.ts";
import { pushedDevice, SOON } from "../support/repo_backed_device.ts";
import { tempDir } from "../support/temp.ts";

const IMAGE = "harbornode-test:volume";

await testNeeding(
  ["git", "dockerd", "busybox", "root"],
  "data in an image's VOLUME survives a push, stop and start, a repair, a rollback and a restart of Docker",
  async () => {
    await using dir = await tempDir();
    await using docker = new OwnDocker(join(dir.path, "docker"));
    await docker.boot();
    const call = (path: string, init?: RequestInit) => dockerCall(path, init, docker.socket);
    const changes = ['CMD ["/bin/sh"]', "VOLUME /data"];
    await importImage(IMAGE, { entries: await busyboxEntries(), changes, socket: docker.socket });
    await using here = await pushedDevice({}, { extra: ["[docker]", `host = "unix://${docker.socket}"`] });
    const { device, repository } = here;
    // Each start writes a line, and the check says how many there are.
    const push = async (version: number, { check, deadline }: { check: string; deadline: string }) => {
      const script = "echo line >>/data/lines; exec sleep 3600";
      const text = `image = "${IMAGE}"\ncommand = ${JSON.stringify(["/bin/sh", "-c", script])}\n${SOON}` +
        `stop_timeout = "100ms"\nenv = { VERSION = "${version}" }\nrollout = { deadline = "${deadline}" }\n` +
        `health = { command = ["/bin/sh", "-c", "${check}"], interval = "200ms", retries = 1 }\n`;
      await repository.write("deployments/db.toml", text);
      await repository.commit(`Version ${version}`);
    };
    const containerOf = (workload: WorkloadStatus) => workload.instances[0]?.container_id ?? null;
    const isWell = (workload: WorkloadStatus) => workload.phase === "running" && workload.health === "healthy";
    const healthyOnes = ({ history }: WorkloadStatus) => history.filter(({ outcome }) => outcome === "healthy").length;
    let last: string | null = null;
    /** Waits for another container than before; returns how many lines it found, with its own. */
    const next = async (claim: (workload: WorkloadStatus) => boolean = isWell) => {
      last = containerOf(await device.until("db", (workload) => claim(workload) && containerOf(workload) !== last));
      const { text } = await call(`/containers/${last}/archive?path=/data/lines`);
      return text.slice(512, 512 + Number.parseInt(text.slice(124, 135), 8)).trim().split("\n").length;
    };

    const good = { check: "true", deadline: "1m" };
    await push(1, good);
    assert.equal(await next(), 1);
    await device.until("db", (workload) => healthyOnes(workload) === 1);
    await push(2, good);
    assert.equal(await next((workload) => isWell(workload) && healthyOnes(workload) === 2), 2);
    const said = (await device.status())!.events.map(({ message }) => message).join("\n");
    assert.match(said, /the old one goes first: "\/data", a volume of its image, can be written by one alone/);

    assert.equal((await device.cli("stop", "db")).code, 0);
    await device.until("db", (workload) => workload.phase === "stopped");
    assert.equal((await device.cli("start", "db")).code, 0);
    assert.equal(await next(), 3);

    await call(`/containers/${last}?force=1&v=1`, { method: "DELETE" });
    assert.equal(await next(), 4);

    await push(3, { check: "false", deadline: "3s" });
    assert.ok(await next((workload) => workload.phase === "rolled-back" && workload.health === "healthy") >= 6);

    await docker.shutDown();
    await docker.boot();
    const restarted = await eventually("it runs again", async () => {
      const [one] = JSON.parse((await call("/containers/json")).text) as ListedContainer[];
      return one?.Id;
    });
    const { text } = await call(`/containers/${restarted}/archive?path=/data/lines`);
    assert.ok(text.includes("line\nline\nline\nline\nline\nline\n"), "the lines of all containers are there");
    const { Volumes } = JSON.parse((await call("/volumes")).text) as VolumesAnswer;
    assert.deepEqual(Volumes?.map(({ Name }) => Name), ["harbornode-db-0-data"]);

    await repository.remove("deployments/db.toml");
    await repository.commit("No database");
    await eventually("nothing of it runs", async () => (await device.workload("db")) === undefined);
    assert.equal((await call("/volumes/harbornode-db-0-data")).status, 200);
  },
);
