/** What a device has no room for, and in which order it lets go. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { busyboxImage } from "../support/docker_image.ts";
import { eventually } from "../support/eventually.ts";
import { testNeeding } from "../support/prerequisite.ts";
import { pushedDevice, shell, SLEEP } from "../support/repo_backed_device.ts";
import { tempDir } from "../support/temp.ts";

const MIB = 1024 * 1024;
const NO_DOCKER = ["[runtime]", "docker_enabled = false"];

await testNeeding(["git"], "what would take more memory than is left is blocked, and what runs goes on", async () => {
  const reserve = Math.floor(Deno.systemMemoryInfo().total / MIB) - 1000;
  const extra = [...NO_DOCKER, "[limits]", `memory_reserve = "${reserve}Mi"`];
  const wants = (mebibytes: number) => `${SLEEP}resources = { memory = "${mebibytes}Mi" }\n`;
  await using here = await pushedDevice({ "a.toml": wants(600) }, { extra });
  const { device, repository } = here;
  const before = await device.until("a", (workload) => workload.phase === "running");

  await repository.write("services/b.toml", wants(600));
  await repository.commit("Too much");
  const blocked = await device.until("b", (workload) => workload.phase === "blocked");
  assert.equal(blocked.reason, "insufficient_memory");
  assert.match(blocked.message, /^asks for 600 MiB of memory, and (400|401) MiB are not promised to others$/);
  const after = await device.workload("a");
  assert.deepEqual(after?.instances.map((instance) => instance.pid), before.instances.map((instance) => instance.pid));

  await repository.write("services/b.toml", wants(300));
  await repository.commit("It fits");
  await device.until("b", (workload) => workload.phase === "running");
});

await testNeeding(
  ["git", "docker"],
  "a port that somebody holds keeps a container away, and names who it is",
  async () => {
    await using image = await busyboxImage();
    const held = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { port } = held.addr as Deno.NetAddr;
    await using here = await pushedDevice({}, { extra: [] });
    const { device, repository } = here;
    const text = `image = "${image.name}"\nports = ["127.0.0.1:${port}:80"]\nstop_timeout = "1s"\n`;
    await repository.write("deployments/web.toml", text);
    await repository.commit("A container");
    const web = await device.until("web", (workload) => workload.phase === "blocked");
    assert.equal(web.reason, "port_conflict");
    assert.match(web.message, new RegExp(`^port ${port}/tcp is taken by "deno.*" \\(pid ${Deno.pid}\\)$`));
    held.close();
    await device.until("web", (workload) => workload.phase === "running");
  },
);

await testNeeding(["git"], "a move to a port that somebody holds stops nothing", async () => {
  using held = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = held.addr as Deno.NetAddr;
  await using here = await pushedDevice({ "web.toml": SLEEP });
  const { device, repository } = here;
  const before = await device.until("web", (workload) => workload.phase === "running");
  await repository.write("services/web.toml", `${SLEEP}ports = [${port}]\n`);
  await repository.commit("Take the port");
  const blocked = await device.until("web", (workload) => workload.reason === "port_conflict");
  assert.match(blocked.message, new RegExp(`^port ${port}/tcp is taken by "deno.*" \\(pid ${Deno.pid}\\)$`));
  assert.equal(blocked.instances[0]?.pid, before.instances[0]?.pid);
  assert.equal(blocked.rollout, null);
});

await testNeeding(["git"], "what is taken out of git together stops before what it depends on", async () => {
  await using dir = await tempDir();
  const journal = join(dir.path, "journal");
  const service = (name: string, farewell = "") =>
    shell(`trap '${farewell} echo ${name} >>${journal}; exit 0' TERM; while :; do sleep 0.05; done`);
  await using here = await pushedDevice({
    "a-db.toml": service("db"),
    "b-api.toml": `${service("api", "sleep 0.5;")}depends_on = ["a-db"]\n`,
    "stays.toml": SLEEP,
  });
  const { device, repository } = here;
  await device.until("b-api", (workload) => workload.phase === "running");
  await repository.remove("services/a-db.toml");
  await repository.remove("services/b-api.toml");
  await repository.commit("Both go");
  await eventually("both are gone", async () => {
    const { workloads } = (await device.status())!;
    return workloads.map((workload) => workload.name).join() === "stays" &&
      (await Deno.readTextFile(journal).catch(() => "")).split("\n").length === 3;
  });
  assert.equal(await Deno.readTextFile(journal), "api\ndb\n");
  assert.equal((await device.workload("stays"))?.phase, "running");
});
