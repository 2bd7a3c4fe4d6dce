/** An owner who allows less than before: what runs goes on, is shown, and is not started again by anybody. */
import assert from "node:assert/strict";
import { busyboxImage, dockerCall } from "../support/docker_image.ts";
import { eventually } from "../support/eventually.ts";
import { testNeeding } from "../support/prerequisite.ts";
import { pushedDevice } from "../support/repo_backed_device.ts";

const SLEEP = 'command = ["/bin/sleep", "3600"]\nstop_timeout = "100ms"\n[restart]\nreset_after = "200ms"\n';

await testNeeding(["root", "git", "docker"], "what is denied from now on runs to its end, and no further", async () => {
  await using image = await busyboxImage();
  const allowed = ["allow_root = true"];
  await using here = await pushedDevice({ "web.toml": `user = "root"\n${SLEEP}` }, { extra: [], policy: allowed });
  const { device, repository } = here;
  await repository.write("deployments/box.toml", `image = "${image.name}"\nuser = "root"\n${SLEEP}`);
  await repository.write("services/plain.toml", SLEEP);
  await repository.commit("A container too");
  const names = ["web", "box", "plain"];
  for (const name of names) {
    await device.until(name, (workload) => workload.phase === "running" && workload.sync === "synced");
  }
  const seen = async () => {
    const all = await Promise.all(names.map((name) => device.workload(name)));
    return all.map((workload) => workload?.instances[0]?.pid ?? null);
  };
  const before = await seen();
  const container = (await device.workload("box"))!.instances[0]!.container_id!;
  const restarts = async () =>
    JSON.parse((await dockerCall(`/containers/${container}/json`)).text).HostConfig.RestartPolicy.Name;
  await eventually("Docker may start it again by itself", async () => await restarts() === "always");

  await device.stopDaemon();
  const config = await Deno.readTextFile(device.config);
  await Deno.writeTextFile(device.config, config.replace("allow_root = true", "allow_root = false"));
  await device.startDaemon();
  for (const name of ["web", "box"]) {
    const one = await device.until(name, (workload) => workload.reason === "policy_denied");
    assert.match(one.message, /^user: the owner of this device does not allow "root"/);
    assert.match(one.hint!, /allow_root = true/);
    assert.equal(one.instances[0]!.phase, "running");
  }
  const restart = await device.cli("restart", "web");
  assert.match(restart.err, /^error: "web" may not be started: user: .*"root".*\n {2}hint: .*allow_root = true/);
  assert.deepEqual(await seen(), before);
  await eventually("Docker may not any more", async () => await restarts() === "no");

  for (const pid of before) Deno.kill(pid!, "SIGKILL");
  const plain = await device.until(
    "plain",
    (workload) => workload.phase === "running" && workload.instances[0]?.pid !== before[2],
  );
  assert.equal(plain.sync, "synced");
  await eventually("they have ended", async () => {
    const shown = await Promise.all(["web", "box"].map((name) => device.workload(name)));
    const told = shown.map((workload) => [workload!.reason, workload!.instances.map(({ pid }) => pid)]);
    assert.deepEqual(told, [["policy_denied", [null]], ["policy_denied", [null]]]);
    return true;
  }, { deadlineMs: 15_000 });
});
