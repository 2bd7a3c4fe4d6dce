/** Which workloads a device runs, by what it is: labels, facts, overlays; and what follows when that changes. */
import assert from "node:assert/strict";
import { eventually } from "../support/eventually.ts";
import { testNeeding } from "../support/prerequisite.ts";
import { pushedDevice, SLEEP, SOON } from "../support/repo_backed_device.ts";

const QUIET = `${SLEEP}${SOON}`;

await testNeeding(
  ["git", "docker"],
  "a device runs what is meant for it; another label holds what would go, until that is confirmed",
  async () => {
    const overlay = `[overlay."room=kitchen".env]\nWHERE = "\${vars.word} \${device.labels.room}"\n`;
    const files = {
      "all.toml": QUIET,
      "kitchen.toml": `on = { labels = { room = "kitchen" } }\n${QUIET}${overlay}`,
      "with-docker.toml": `on = { docker = true }\n${QUIET}`,
      "huge.toml": `on = { memory = "900000Gi" }\n${QUIET}`,
    };
    await using pushed = await pushedDevice(files, { extra: [] });
    const { repository, device } = pushed;
    await repository.write("vars.toml", 'word = "in the"\n');
    await repository.commit("Words");
    const text = await Deno.readTextFile(device.config);
    const labelled = (labels: string) => Deno.writeTextFile(device.config, `labels = { ${labels} }\n${text}`);
    await device.until("with-docker", (workload) => workload.phase === "running");
    assert.deepEqual((await device.status())?.not_selected, ["huge", "kitchen"]);

    await device.killDaemon();
    await labelled('room = "kitchen"');
    await device.startDaemon();
    const kitchen = await device.until(
      "kitchen",
      (workload) => workload.phase === "running" && workload.sync === "synced",
    );
    const environ = await Deno.readTextFile(`/proc/${kitchen.instances[0]!.pid}/environ`);
    assert.match(environ, /\0WHERE=in the kitchen\0/);
    await eventually("all of it is applied", async () => {
      const { source } = (await device.status())!;
      return source.healthy !== null && source.healthy === source.seen;
    });

    await device.killDaemon();
    await labelled('room = "hall"');
    await device.startDaemon();
    await eventually(
      "the removal waits",
      async () => (await device.status())?.pending_removal?.names.join() === "kitchen",
    );
    const { pending_removal } = (await device.status())!;
    assert.equal(pending_removal?.message, "the device's labels changed from room=kitchen to room=hall");
    assert.match((await device.cli("prune", "--confirm")).out, /^removing kitchen/);
    await eventually("it is gone", async () => (await device.status())?.pending_removal === null);
    await eventually("its process too", async () => {
      return await Deno.stat(`/proc/${kitchen.instances[0]!.pid}`).then(() => false, () => true);
    });
  },
);
