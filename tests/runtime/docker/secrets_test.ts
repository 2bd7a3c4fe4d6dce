/** Secrets of real containers. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { fingerprint } from "../../../src/model/fingerprint.ts";
import type { Instance } from "../../../src/model/instance.ts";
import type { DockerWorkload } from "../../../src/model/workload.ts";
import { eventually } from "../../support/eventually.ts";
import { testNeeding } from "../../support/prerequisite.ts";
import { tempDir } from "../../support/temp.ts";
import { type DockerDevice, dockerDevice, inspect } from "./docker_device.ts";

const QUICK = { signal: "SIGKILL", timeoutMs: 1000 } as const;

function start(device: DockerDevice, workload: DockerWorkload, options: { secret: string; previous?: Instance }) {
  const { secret, previous = null } = options;
  const secrets = {
    env: { TOKEN: `${secret} \${ports.http}` },
    files: [{ name: "key", content: new TextEncoder().encode(secret) }],
  };
  const request = {
    workload,
    slot: 0,
    fingerprint: fingerprint(workload),
    filesDir: null,
    assignedPorts: [],
    previous,
  };
  return device.runtime.start({ ...request, secrets });
}

const inside = (instance: Instance, path: string) => join(`/proc/${instance.pid}/root`, path);

await testNeeding(
  ["docker", "busybox", "root"],
  "a container has its secrets, read-only, and they go when it ends",
  async (t) => {
    await using dir = await tempDir({ dir: "/dev/shm" });
    const credentialsDir = join(dir.path, "docker");
    await using device = await dockerDevice({ credentialsDir });
    const kept = async () => (await Array.fromAsync(Deno.readDir(credentialsDir)).catch(() => [])).length;

    await t.step("everybody inside can read them where nobody knows its user, and nobody outside", async () => {
      const workload = device.workload({ user: "ada", readOnly: true });
      const one = await start(device, workload, { secret: "one" });
      const running = (await device.look(one.id))!;
      assert.equal(await Deno.readTextFile(inside(running, "/run/secrets/key")), "one");
      assert.equal((await Deno.stat(inside(running, "/run/secrets/key"))).mode! & 0o777, 0o444);
      assert.equal((await Deno.stat(credentialsDir)).mode! & 0o777, 0o700);
      assert.deepEqual(running.warnings, []);
      const { Config, Mounts } = (await inspect(one.id))! as unknown as {
        Config: { Env: string[]; Labels: Record<string, string> };
        Mounts: { Destination: string; RW: boolean }[];
      };
      // As it is: nothing in a secret stands for anything else.
      assert.ok(Config.Env.includes("TOKEN=one ${ports.http}"));
      assert.ok(Config.Env.includes("CREDENTIALS_DIRECTORY=/run/secrets"));
      assert.doesNotMatch(JSON.stringify(Config.Labels), /one \$/);
      assert.deepEqual(Mounts.map(({ Destination, RW }) => [Destination, RW]), [["/run/secrets", false]]);
      await device.runtime.stop(running, QUICK);
      const ended = (await device.look(one.id))!;
      assert.equal(ended.state, "exited");
      assert.equal(await kept(), 0);

      // As after a reboot, which empties what is in memory.
      const again = await start(device, workload, { secret: "one", previous: ended });
      assert.equal(again.id, one.id);
      const back = await eventually(
        "it runs",
        () => device.look(again.id).then((now) => now?.state === "running" && now),
      );
      assert.equal(await Deno.readTextFile(inside(back, "/run/secrets/key")), "one");
      await device.runtime.stop(back, QUICK);
      await device.runtime.remove(back);
    });

    await t.step("a user that its manifest names by number alone can read them", async () => {
      const one = await start(device, device.workload({ user: "1000:1000" }), { secret: "two" });
      const running = (await device.look(one.id))!;
      const info = await Deno.stat(inside(running, "/run/secrets/key"));
      assert.deepEqual([info.mode! & 0o777, info.uid, info.gid], [0o400, 1000, 1000]);
      const { exitCode, output } = await device.runtime.execute(
        running,
        device.workload(),
        ["/bin/cat", "/run/secrets/key"],
        AbortSignal.timeout(60_000),
      );
      assert.deepEqual([exitCode, output], [0, "two"]);
      await device.runtime.stop(running, QUICK);
      await device.runtime.remove(running);
      await device.all();
      assert.equal(await kept(), 0);
    });
  },
);
