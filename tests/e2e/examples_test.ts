/** Every example as a device runs it: pushed as it is, but for images that are made here, ports, volumes and times. */
import assert from "node:assert/strict";
import { readDirectory } from "../../src/source/directory_source.ts";
import { busyboxImage, dockerCall } from "../support/docker_image.ts";
import { freePort } from "../support/demo_daemon.ts";
import { eventually } from "../support/eventually.ts";
import type { GitRepository } from "../support/git_repository.ts";
import { testNeeding } from "../support/prerequisite.ts";
import { pushedDevice } from "../support/repo_backed_device.ts";
import { actionsRunner, nginx, postgres } from "./stand_ins.ts";

const EXAMPLES = new URL("../../examples/", import.meta.url).pathname;
const DOCKER = ["git", "docker", "busybox"] as const;

/** What is other in a test: a text of the manifests, and what stands in its place. */
type Changes = Record<string, string>;

/** Pushes examples/NAME; every change must be one. */
async function push(repository: GitRepository, name: string, changes: Changes): Promise<void> {
  const directory = `${EXAMPLES}${name}`;
  const missed = new Set(Object.keys(changes));
  for (const { path, executable } of (await readDirectory(directory)).entries) {
    let text = await Deno.readTextFile(`${directory}/${path}`);
    for (const [from, to] of path.endsWith(".toml") ? Object.entries(changes) : []) {
      if (text.includes(from)) missed.delete(from);
      text = text.replaceAll(from, to);
    }
    await repository.write(path, text, { executable });
  }
  assert.deepEqual([...missed], [], "texts that the example does not have");
  await repository.commit(`examples/${name}`);
}

async function change(repository: GitRepository, path: string, [from, to]: [string, string]): Promise<void> {
  const text = await Deno.readTextFile(`${repository.dir}/${path}`);
  assert.ok(text.includes(from), from);
  await repository.write(path, text.replaceAll(from, to));
  await repository.commit(`${to} in the place of ${from}`);
}

/** Eventually this, when the page is asked for. */
async function page(port: number, expected: string | RegExp): Promise<void> {
  await eventually(`${port} answers ${expected}`, async () => {
    const answer = await fetch(`http://127.0.0.1:${port}/`, { headers: { connection: "close" } });
    const text = await answer.text();
    return answer.ok && text.match(expected) !== null;
  });
}

/** A volume of this test alone; it goes with it, since no pass would ever remove it. */
function volume() {
  const name = `harbornode-test-${crypto.randomUUID().slice(0, 8)}`;
  const dispose = async () => void await dockerCall(`/volumes/${name}?force=1`, { method: "DELETE" });
  return { name, [Symbol.asyncDispose]: dispose };
}

await testNeeding(
  [...DOCKER],
  "examples/web-server serves its pages as its configuration says, and anew after a push",
  async () => {
    await using image = await nginx();
    await using here = await pushedDevice({}, { extra: [] });
    const { device, repository } = here;
    const port = await freePort();
    await push(repository, "web-server", { "nginx:1.27.4-alpine": image.name, "8080:80": `127.0.0.1:${port}:80` });
    const before = await device.until("web", (workload) => workload.health === "healthy" && workload.sync === "synced");
    await page(port, "configured by git");
    await change(repository, "deployments/web/site/index.html", ["configured by git", "configured anew"]);
    await page(port, "configured anew");
    const after = await device.until("web", (workload) => workload.health === "healthy" && workload.sync === "synced");
    assert.notEqual(after.instances[0]?.container_id, before.instances[0]?.container_id);
  },
);

await testNeeding(
  [...DOCKER],
  "examples/database is backed up by its job, and its data outlives its container",
  async () => {
    await using image = await postgres();
    await using data = volume();
    await using sockets = volume();
    await using backups = volume();
    await using here = await pushedDevice({}, { extra: [] });
    const { device, repository } = here;
    await push(repository, "database", {
      "postgres:17.4": image.name,
      "db-data:": `${data.name}:`,
      "db-sockets:": `${sockets.name}:`,
      "db-backups:": `${backups.name}:`,
      "15 3 * * *": "*/2 * * * * *",
      "KEEP = 7": "KEEP = 2",
    });
    const before = await device.until("db", (workload) => workload.health === "healthy");
    await device.until(
      "db-backup",
      (workload) => workload.runs.filter((run) => run.outcome === "succeeded").length >= 3,
    );
    const { out } = await device.cli("logs", "db-backup");
    assert.match(out, /wrote \/backups\/app-\d{8}T\d{6}Z\.dump, 37 bytes/);
    await eventually("two dumps stay", async () => {
      const { out } = await device.cli("logs", "db-backup");
      const [wrote, removed] = ["wrote", "removed"].map((word) => out.split(`${word} /backups/app-`).length - 1);
      // Between the two words of one run it is one more.
      return removed! > 0 && wrote! - removed! <= 3;
    });

    const said = async () => (await device.cli("logs", "db", "--tail", "1")).out.trim();
    const line = await said();
    assert.match(line, /^the data is [0-9a-f-]{36}$/);
    await change(repository, "deployments/db.toml", ['memory = "512Mi"', 'memory = "256Mi"']);
    await eventually("another container has the same data", async () => {
      const now = await device.workload("db");
      return now?.health === "healthy" && now.instances[0]?.container_id !== before.instances[0]?.container_id &&
        await said() === line;
    });
  },
);

await testNeeding(
  [...DOCKER],
  "examples/github-runners has three runners, each followed by another one in an empty folder",
  async () => {
    await using image = await actionsRunner();
    await using token = volume();
    await fill(token.name, { image: image.name, token: "a-token" });
    await using here = await pushedDevice({}, { extra: [], policy: [`allow_volumes = ["${token.name}"]`] });
    const { device, repository } = here;
    await push(repository, "github-runners", {
      "ghcr.io/actions/actions-runner:2.322.0": image.name,
      "github-token:": `${token.name}:`,
      'delay = "5s"': 'delay = "200ms"',
      'max_delay = "1m"': 'max_delay = "200ms"',
    });
    await device.until(
      "runner",
      (workload) => workload.instances.length === 3 && workload.instances.every((each) => each.restarts >= 2),
    );
    const { out } = await device.cli("logs", "runner", "--tail", "1000");
    const jobs = out.split("\n").filter((line) => line.includes("a job finds"));
    assert.ok(jobs.length >= 6, out);
    for (const job of jobs) assert.match(job, /a job finds 0 files$/);
    assert.match(out, /registers: --unattended --ephemeral .* --name [0-9a-f]{12} --token of-an-hour/);
    assert.doesNotMatch(out, /a-token|configured already/);
  },
);

await testNeeding([...DOCKER, "python3"], "examples/hello-anywhere is the same page in either way", async () => {
  await using image = await busyboxImage();
  for (const [mode, extra] of [["docker", []], ["native", ["[runtime]", "docker_enabled = false"]]] as const) {
    await using here = await pushedDevice({}, { extra: [...extra] });
    const port = await freePort();
    await push(here.repository, "hello-anywhere", { "busybox:1.37": image.name, "8087": String(port) });
    const status = await here.device.until("page", (workload) => workload.health === "healthy");
    assert.equal(status.runtime, mode);
    await page(port, "Hello from anywhere");
  }
});

await testNeeding(["git", "python3"], "examples/weather is measured, shown and written down", async () => {
  await using here = await pushedDevice({});
  const { device, repository } = here;
  await push(repository, "weather", { "8090": String(await freePort()), '"0 * * * *"': '"*/2 * * * * *"' });
  const window = await device.until("window", (workload) => workload.health === "healthy");
  const port = Number.parseInt(window.ports[0]!);
  await page(port, /^Out there: .*(degrees|load)/);
  await device.until("diary", (workload) => workload.runs.some((run) => run.outcome === "succeeded"));
  await change(repository, "services/window/words.txt", ["Out there", "By the sea"]);
  await page(port, /^By the sea: /);
  assert.equal((await device.workload("window"))?.instances[0]?.pid, window.instances[0]?.pid);
});

await testNeeding(["git"], "examples/broken-revision loses nothing that was healthy, and heals", async () => {
  await using here = await pushedDevice({});
  const { device, repository } = here;
  const manifest = "services/door.toml";
  await push(repository, "broken-revision", { '"1s"': '"100ms"', '"20s"': '"3s"' });
  const isWell = () => device.until("door", (workload) => workload.health === "healthy" && workload.sync === "synced");
  const { instances: [well] } = await isWell();

  await change(repository, manifest, ["./open.sh", "/usr/bin/opne"]);
  const blocked = await device.until("door", (workload) => workload.phase === "blocked");
  assert.equal(blocked.reason, "command_not_found");
  assert.equal(blocked.instances[0]?.pid, well?.pid);

  await change(repository, manifest, ["/usr/bin/opne", "./opne.sh"]);
  const invalid = await device.until("door", (workload) => workload.phase === "invalid");
  assert.equal(invalid.problems[0]?.hint, 'did you mean "./open.sh"?');
  assert.equal(invalid.instances[0]?.pid, well?.pid);
  await change(repository, manifest, ["./opne.sh", "./open.sh"]);
  assert.equal((await isWell()).instances[0]?.pid, well?.pid);

  await change(repository, manifest, ['ANSWER = "yes"', 'ANSWER = "no"']);
  await device.until("door", (workload) => workload.phase === "rolled-back" && workload.health === "healthy");
  await eventually("what was healthy runs again", async () => {
    return (await device.cli("logs", "door", "--tail", "1")).out.trim() === "the answer is yes";
  });
  await change(repository, manifest, ['ANSWER = "no"', 'ANSWER = "yes"']);
  await isWell();
});

/** As the README of the runners says it: the token goes into the volume, by a container that is gone afterwards. */
async function fill(volume: string, { image, token }: { image: string; token: string }): Promise<void> {
  const made = await dockerCall("/containers/create", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      Image: image,
      Cmd: ["sh", "-c", `echo ${token} >/token/token`],
      HostConfig: { Binds: [`${volume}:/token`] },
    }),
  });
  const { Id: id } = JSON.parse(made.text) as { Id: string };
  await dockerCall(`/containers/${id}/start`, { method: "POST" });
  await dockerCall(`/containers/${id}/wait`, { method: "POST" });
  await dockerCall(`/containers/${id}?force=1`, { method: "DELETE" });
}
