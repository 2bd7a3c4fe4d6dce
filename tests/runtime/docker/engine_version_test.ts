import assert from "node:assert/strict";
import { join } from "node:path";
import { busyboxImage } from "../../support/docker_image.ts";
import { testNeeding } from "../../support/prerequisite.ts";
import { pushedDevice } from "../../support/repo_backed_device.ts";
import { tempDir } from "../../support/temp.ts";
import { dockerDevice } from "./docker_device.ts";
import { EngineProxy, type Manner } from "./engine_proxy.ts";

const version = (Version: string, ApiVersion: string, MinAPIVersion: string): Manner => ({
  type: "version",
  answer: { Version, ApiVersion, MinAPIVersion },
});

await testNeeding(["docker", "busybox"], "a Docker that wants a newer API is spoken to in it", async () => {
  await using dir = await tempDir();
  await using proxy = new EngineProxy(join(dir.path, "sock"));
  proxy.manner = version("29.1.0", "1.52", "1.44");
  await using device = await dockerDevice({ socket: proxy.path });
  const { id } = await device.start(device.workload());
  assert.equal((await device.look(id))?.state, "running");
  const observed = await device.runtime.observe();
  assert.ok(observed.ok);
  assert.equal(observed.about, "Docker 29.1.0, API 1.52");
});

await testNeeding(
  ["docker", "busybox"],
  "a Docker that is too old or too new is said to be, and not asked for more",
  async () => {
    await using dir = await tempDir();
    await using proxy = new EngineProxy(join(dir.path, "sock"));
    await using device = await dockerDevice({ socket: proxy.path });
    const cases: [Manner, string][] = [
      [version("19.03.15", "1.40", "1.12"), 'Docker "19.03.15" speaks API "1.40", and "1.41" is needed'],
      [version("40.0.0", "1.70", "1.60"), 'Docker "40.0.0" needs API "1.60", and this HarborNode speaks "1.52"'],
      [{ type: "fails", status: 500 }, "Docker cannot tell its version: on purpose"],
    ];
    for (const [manner, message] of cases) {
      proxy.manner = manner;
      const observed = await device.runtime.observe();
      assert.deepEqual(observed, { runtime: "docker", ok: false, reason: "docker_error", message });
    }
    assert.deepEqual(proxy.changes, []);
  },
);

await testNeeding(
  ["docker", "busybox", "git"],
  "nothing is created or removed while Docker cannot be observed, and what was pushed follows when it can",
  async () => {
    await using image = await busyboxImage();
    await using dir = await tempDir();
    await using proxy = new EngineProxy(join(dir.path, "sock"));
    await using here = await pushedDevice({}, { extra: ["[docker]", `host = "unix://${proxy.path}"`] });
    const { device, repository } = here;
    const text = (env: string) => `image = "${image.name}"\nenv = { A = "${env}" }\nstop_timeout = "100ms"\n`;
    await repository.write("deployments/web.toml", text("1"));
    await repository.commit("Begin");
    const { instances: [before] } = await device.until("web", (workload) => workload.health === "healthy");

    await device.stopDaemon();
    proxy.manner = version("19.03.15", "1.40", "1.12");
    const changes = proxy.changes.length;
    await repository.write("deployments/web.toml", text("2"));
    await repository.write("deployments/new.toml", text("3"));
    await repository.commit("Another spec, and one more");
    await device.startDaemon();
    const unseen = await device.until("web", (workload) => workload.sync === "unknown");
    assert.match(unseen.message, /speaks API "1\.40"/);
    const blocked = await device.until("new", (workload) => workload.sync === "unknown");
    assert.match(blocked.message, /speaks API "1\.40"/);
    const runtime = (await device.status())!.runtimes.find((one) => one.name === "docker")!;
    assert.deepEqual([runtime.ok, runtime.message], [
      false,
      'Docker "19.03.15" speaks API "1.40", and "1.41" is needed',
    ]);
    assert.deepEqual(proxy.changes.slice(changes), []);

    proxy.manner = { type: "as it is" };
    await device.until("new", (workload) => workload.health === "healthy");
    const after = await device.until("web", (workload) => workload.health === "healthy" && workload.sync === "synced");
    assert.notEqual(after.instances[0]?.container_id, before?.container_id);
    const { message } = (await device.status())!.runtimes.find((one) => one.name === "docker")!;
    assert.match(message, /^answers: (Docker|Podman) \S+, API 1\.\d+$/);
  },
);
