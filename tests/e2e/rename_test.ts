/** `moved_from`: another name for what runs. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { eventually } from "../support/eventually.ts";
import { busyboxImage } from "../support/docker_image.ts";
import { testNeeding } from "../support/prerequisite.ts";
import { pushedDevice, shell, SOON } from "../support/repo_backed_device.ts";

await testNeeding(
  ["git"],
  "a service that is renamed goes on running, and finds what it wrote when it is started again",
  async () => {
    const script = 'echo "$STATE_DIRECTORY" && date >>"$STATE_DIRECTORY/starts"; exec sleep 3600';
    await using pushed = await pushedDevice({ "old.toml": `${shell(script)}${SOON}` });
    const { repository, device } = pushed;
    const before = await device.until(
      "old",
      (workload) => workload.phase === "running" && workload.history.length === 1,
    );

    await Deno.remove(join(repository.dir, "services/old.toml"));
    await repository.write("services/new.toml", `${shell(script)}${SOON}moved_from = "old"\n`);
    await repository.commit("Rename it");
    const preview = await device.cli("plan");
    assert.match(preview.out, /nothing to do/);
    const after = await device.until("new", (workload) => workload.phase === "running" && workload.sync === "synced");
    assert.equal(after.instances[0]?.pid, before.instances[0]?.pid);
    assert.equal(after.history.length, 1);
    assert.equal(await device.workload("old"), undefined);
    assert.match((await device.cli("logs", "new")).out, /services\/old/);

    await device.killDaemon();
    await device.startDaemon();
    const adopted = await device.until("new", (workload) => workload.phase === "running" && workload.sync === "synced");
    assert.equal(adopted.instances[0]?.pid, before.instances[0]?.pid);

    // The field has done its work: to take it out, or to break the manifest, starts nothing.
    for (const text of ["comand = 1\n", `${shell(script)}${SOON}`]) {
      await repository.write("services/new.toml", text);
      const pushed = await repository.commit("Tidy up");
      await eventually("the push is seen", async () => (await device.status())?.source.attempted === pushed);
      const { instances: [same] } = await device.until(
        "new",
        (workload) => (workload.phase === "invalid") === text.startsWith("comand"),
      );
      assert.equal(same?.pid, before.instances[0]?.pid);
    }
    assert.match((await device.cli("plan")).out, /nothing to do/);

    await device.cli("restart", "new");
    await device.until(
      "new",
      (workload) => workload.phase === "running" && workload.instances[0]?.pid !== before.instances[0]?.pid,
    );
    const starts = join(device.dataDir, "services/new/starts");
    await eventually("it has been started twice in one folder", async () => {
      return (await Deno.readTextFile(starts)).trim().split("\n").length === 2;
    });
    await eventually("nothing leads to the old name", async () => {
      const names = await Array.fromAsync(Deno.readDir(join(device.dataDir, "services")));
      return names.map((entry) => entry.name).join() === "new";
    });
    assert.match((await device.cli("logs", "new")).out, /services\/new/);
  },
);

await testNeeding(["git", "docker", "busybox"], "a container that is renamed keeps its id", async () => {
  await using image = await busyboxImage();
  const manifest = `image = "${image.name}"\ncommand = ["sleep", "3600"]\nstop_timeout = "0s"\n`;
  await using pushed = await pushedDevice({}, { extra: [] });
  const { repository, device } = pushed;
  await repository.write("deployments/old.toml", manifest);
  await repository.commit("Begin");
  const before = await device.until("old", (workload) => workload.health === "healthy");
  await Deno.remove(join(repository.dir, "deployments/old.toml"));
  await repository.write("deployments/new.toml", `${manifest}moved_from = "old"\n`);
  await repository.commit("Rename it");
  const after = await device.until("new", (workload) => workload.health === "healthy" && workload.sync === "synced");
  assert.equal(after.instances[0]?.container_id, before.instances[0]?.container_id);

  await repository.write("deployments/new.toml", `${manifest}moved_from = "old"\nenv = { A = "1" }\n`);
  await repository.commit("Change it");
  const changed = await device.until("new", (workload) => {
    return workload.sync === "synced" && workload.health === "healthy" &&
      workload.instances[0]?.container_id !== before.instances[0]?.container_id;
  });
  assert.equal(changed.instances.length, 1);
});
