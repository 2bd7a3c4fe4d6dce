/** Programs that need a while until they listen: nobody takes a start for a failure. */
import assert from "node:assert/strict";
import { join } from "node:path";
import type { WorkloadStatus } from "../../src/model/snapshot.ts";
import { busyboxImage } from "../support/docker_image.ts";
import { eventually } from "../support/eventually.ts";
import { freePort } from "../support/demo_daemon.ts";
import { testNeeding } from "../support/prerequisite.ts";
import { pushedDevice } from "../support/repo_backed_device.ts";

const SECONDS = [8, 20, 25];

await testNeeding(
  ["git", "docker", "busybox"],
  "a program that listens after 8, 20 or 25 s becomes healthy without a restart: new, updated, and under a killed daemon",
  async () => {
    await using image = await busyboxImage();
    await using here = await pushedDevice({}, { extra: [] });
    const { repository, device, root } = here;
    const site = join(root, "site");
    await Deno.mkdir(site);
    await Deno.writeTextFile(join(site, "index.html"), "hello\n");
    const ports = await Promise.all(SECONDS.map(() => freePort()));
    const names = SECONDS.flatMap((seconds) => [`native-${seconds}`, `container-${seconds}`]);
    const push = async (version: string) => {
      for (const [index, seconds] of SECONDS.entries()) {
        // Each has the defaults of all that its manifest does not have to say.
        const serve = ["sh", "-c", `sleep ${seconds}; exec busybox httpd -f -p 127.0.0.1:${ports[index]} -h ${site}`];
        const service = `command = ${JSON.stringify(serve)}\nuser = "root"\nports = [${ports[index]}]\n`;
        const inside = `mkdir /www; echo hello >/www/index.html; sleep ${seconds}; exec httpd -f -p 8080 -h /www`;
        const deployment = `image = "${image.name}"\ncommand = ${JSON.stringify(["sh", "-c", inside])}\n`;
        const env = `env = { VERSION = "${version}" }\n`;
        await repository.write(`services/native-${seconds}.toml`, `${service}${env}[health]\npath = "/"\n`);
        await repository.write(
          `deployments/container-${seconds}.toml`,
          `${deployment}${env}[health]\npath = "/"\nport = 8080\n`,
        );
      }
      await repository.commit(`Version ${version}`);
    };
    /** The newest instance of each, once none of them is one of `old`. */
    const started = (old: Map<string, string>) =>
      eventually("all of them are started", async () => {
        const all = await device.status();
        const found = (all?.workloads ?? []).filter((workload) =>
          ![undefined, old.get(workload.name)].includes(newest(workload))
        );
        return found.length === names.length && new Map(found.map((workload) => [workload.name, newest(workload)!]));
        // Six starts at once: a busy Docker needs its time, and only what follows after a start is claimed here.
      }, { deadlineMs: 180_000 });
    const healthy = async (first: Map<string, string>) => {
      const statuses = await Promise.all(
        names.map((name) =>
          device.until(
            name,
            (workload) => workload.health === "healthy" && workload.sync === "synced" && workload.rollout === null,
          )
        ),
      );
      for (const workload of statuses) {
        assert.equal(newest(workload), first.get(workload.name), `${workload.name} is the instance that was started`);
        assert.equal(workload.instances[0]?.restarts, 0, workload.name);
        assert.equal(workload.refused, null, workload.name);
        assert.deepEqual(workload.history.map(({ outcome }) => outcome).filter((outcome) => outcome !== "healthy"), []);
      }
      const events = (await device.status())!.events.map((event) => event.message);
      assert.deepEqual(events.filter((event) => /health check|goes back|failed/.test(event)), []);
    };

    await push("1");
    const first = await started(new Map());
    await healthy(first);

    await push("2");
    const updated = await started(first);
    await device.until(
      "native-8",
      (workload) => workload.health === "healthy" && newest(workload) === updated.get("native-8"),
    );
    await device.killDaemon();
    await device.startDaemon();
    await healthy(updated);
  },
);

/** What names the newest instance and its start; undefined while none runs. */
function newest({ instances }: WorkloadStatus): string | undefined {
  const last = instances.filter((instance) => instance.pid !== null).at(-1);
  return last === undefined ? undefined : `${last.container_id ?? last.pid} since ${last.started_at}`;
}
