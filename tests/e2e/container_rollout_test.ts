/** Rollouts of containers: what others see of them, what they touch, and Docker going away in each of their steps. */
import assert from "node:assert/strict";
import { join } from "node:path";
import type { ListedContainer } from "../../src/runtime/docker/api_types.ts";
import { SocketProxy } from "../runtime/docker/socket_proxy.ts";
import { busyboxEntries, busyboxImage, dockerCall, importImage } from "../support/docker_image.ts";
import { eventually } from "../support/eventually.ts";
import { OwnDocker } from "../support/own_docker.ts";
import { testNeeding } from "../support/prerequisite.ts";
import { pushedDevice } from "../support/repo_backed_device.ts";
import { tempDir } from "../support/temp.ts";

const sh = (image: string, script: string) =>
  `image = "${image}"\ncommand = ${JSON.stringify(["/bin/sh", "-c", script])}\nstop_timeout = "2s"\n`;

await testNeeding(
  ["git", "docker", "busybox"],
  "a broken revision of a replicated deployment loses no request of those who ask for it all the time",
  async () => {
    await using image = await busyboxImage();
    await using here = await pushedDevice({}, { extra: [] });
    const { device, repository } = here;
    const web = (page: string) =>
      sh(image.name, `mkdir /tmp/www; ${page}; exec httpd -f -p 80 -h /tmp/www`) +
      'replicas = 2\nhealth = { path = "/", port = 80, interval = "200ms", retries = 2, on_failure = "none" }\n' +
      'rollout = { deadline = "5s" }\n';
    const asks = `while :; do
  printf 'GET / HTTP/1.0\\r\\n\\r\\n' | nc -w 5 web 80 | head -1 | grep -o '200 OK' || echo lost
done`;
    await repository.write("deployments/web.toml", web("echo one >/tmp/www/index.html"));
    await repository.write("deployments/client.toml", `${sh(image.name, asks)}depends_on = ["web"]\n`);
    await repository.commit("A web server, and somebody who asks it");
    const good = await device.until("web", (workload) => workload.history.at(-1)?.outcome === "healthy");
    const said = async () =>
      (await device.cli("logs", "client", "--since", "1h")).out.trim().split("\n").filter((line) => line !== "");
    await eventually("it is asked", async () => (await said()).length > 20);

    await repository.write("deployments/web.toml", web("true"));
    await repository.commit("Without its page");
    const asked = (await said()).length;
    await device.until("web", (workload) => workload.instances.length === 3);
    const back = await device.until(
      "web",
      (workload) => workload.phase === "rolled-back" && workload.instances.length === 2,
    );
    await eventually("it is asked on", async () => (await said()).length > asked + 50);
    const ids = (workload: typeof back) => workload.instances.map((it) => it.container_id).sort();
    assert.deepEqual(ids(back), ids(good), "an instance that worked was replaced");
    const answers = await said();
    assert.deepEqual(
      [...new Set(answers)],
      ["200 OK"],
      `${answers.filter((answer) => answer !== "200 OK").length} lost`,
    );
  },
);

await testNeeding(
  ["git", "docker", "busybox"],
  "a push that changes one of 50 deployments touches one container",
  async () => {
    await using image = await busyboxImage();
    await using here = await pushedDevice({}, { extra: [] });
    const { device, repository } = here;
    const one = (version: string) => `${sh(image.name, "exec sleep 3600")}env = { VERSION = "${version}" }\n`;
    const names = Array.from({ length: 50 }, (_, index) => `d${index}`);
    for (const name of names) await repository.write(`deployments/${name}.toml`, one("1"));
    await repository.commit("Fifty");
    const containers = async () => {
      const { workloads } = (await device.status())!;
      return new Map(workloads.map((it) => [it.name, it.instances.map((each) => each.container_id).join()]));
    };
    await eventually("all of them run", async () => {
      const { workloads } = (await device.status())!;
      return workloads.length === 50 && workloads.every((it) => it.sync === "synced" && it.health === "healthy");
    }, { deadlineMs: 180_000 });
    const before = await containers();
    const { device: { id } } = (await device.status())!;
    const since = Date.now();

    await repository.write("deployments/d7.toml", one("2"));
    const pushed = await repository.commit("One of them");
    await eventually("the push is applied", async () => (await device.status())?.source.applied === pushed);
    const after = await containers();
    assert.deepEqual(names.filter((name) => before.get(name) !== after.get(name)), ["d7"]);
    const touched = await eventsOf(id, { since, until: Date.now() });
    assert.deepEqual([...touched], ["d7"]);
  },
);

/** Names of the workloads of whose containers Docker tells that something was done to them. */
async function eventsOf(deviceId: string, { since, until }: { since: number; until: number }): Promise<Set<string>> {
  const query = new URLSearchParams({
    since: String(since / 1000),
    until: String(until / 1000),
    filters: JSON.stringify({ type: ["container"], label: [`harbornode.device=${deviceId}`] }),
  });
  const { text } = await dockerCall(`/events?${query}`);
  const lines = text.trim().split("\n").filter((line) => line !== "");
  const events = lines.map((line) =>
    JSON.parse(line) as { Action: string; Actor: { Attributes: Record<string, string> } }
  );
  // Its restart policy follows how long it has run, whatever is pushed.
  const done = events.filter(({ Action }) => Action !== "update");
  return new Set(done.map(({ Actor }) => Actor.Attributes["harbornode.workload"]!));
}

/** By the request that the daemon makes of Docker in it. */
const STEPS: Record<string, RegExp> = {
  "the new container is made": /^POST \S+\/containers\/create/,
  "it is started": /^POST \S+\/containers\/[^/]+\/start/,
  "it gets its names": /^POST \S+\/networks\/[^/]+\/(dis)?connect/,
  "the old one is stopped": /^POST \S+\/containers\/[^/]+\/kill/,
  "the old one is removed": /^DELETE \S+\/containers\//,
};

await testNeeding(
  ["git", "dockerd", "busybox", "root"],
  "a Docker that is killed in any step of a rollout, and started again, finds it carried out in the end",
  async (test) => {
    await using dir = await tempDir();
    await using docker = new OwnDocker(join(dir.path, "docker"));
    await docker.boot();
    const image = "harbornode-test:steps";
    await importImage(image, { entries: await busyboxEntries(), socket: docker.socket });
    await using proxy = new SocketProxy(join(dir.path, "proxy"), docker.socket);
    proxy.up();
    await using here = await pushedDevice({}, { extra: ["[docker]", `host = "unix://${proxy.path}"`] });
    const { device, repository } = here;
    const web = (version: number) =>
      `${sh(image, "trap 'exit 0' TERM; while :; do sleep 0.1; done")}env = { VERSION = "${version}" }\n` +
      'restart = { delay = "100ms", max_delay = "200ms", reset_after = "500ms" }\n';
    await repository.write("deployments/web.toml", web(0));
    await repository.commit("Begin");
    let last = (await device.until("web", (workload) => workload.history.length === 1)).fingerprint;

    for (const [index, [step, pattern]] of Object.entries(STEPS).entries()) {
      await test.step(step, async () => {
        const reached = Promise.withResolvers<void>();
        proxy.told = (request) => {
          if (pattern.test(request)) reached.resolve();
        };
        await repository.write("deployments/web.toml", web(index + 1));
        await repository.commit(step);
        await reached.promise;
        proxy.told = () => {};
        await docker.cutPower();
        proxy.cut();
        await device.until(
          "web",
          (workload) => workload.reason === "docker_unavailable" || workload.phase === "running",
        );
        await docker.boot();
        const { fingerprint } = await device.until("web", (workload) => {
          return workload.fingerprint !== last && workload.sync === "synced" && workload.health === "healthy" &&
            workload.instances.length === 1;
        });
        last = fingerprint;
        const { text } = await dockerCall("/containers/json?all=1", {}, docker.socket);
        const left = JSON.parse(text) as ListedContainer[];
        assert.deepEqual(left.map(({ State }) => State), ["running"]);
        assert.equal(left[0]?.Labels?.["harbornode.fingerprint"], fingerprint);
      });
    }
  },
);
