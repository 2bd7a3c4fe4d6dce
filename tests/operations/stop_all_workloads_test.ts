/** Everything stopped because the machine goes down, and started again by the next daemon. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { stopAllWorkloads } from "../../src/operations/stop_all_workloads.ts";
import type { Device } from "../../src/daemon/device.ts";
import { reconcile } from "../../src/reconciler/reconciler.ts";
import { syncOnce } from "../../src/sync/sync_loop.ts";
import { eventually } from "../support/eventually.ts";
import { GitRepository } from "../support/git_repository.ts";
import { testNeeding } from "../support/prerequisite.ts";
import { tempDir } from "../support/temp.ts";
import { running, turnedDevice } from "../reconciler/single_reconcile_device.ts";

const SLEEP = 'command = ["/bin/sleep", "3600"]\n';
/** Notes when it was stopped, by which signal. */
const noting = (path: string, name: string, more: string) =>
  `command = ["/bin/sh", "-c", "trap 'echo ${name} >>${path}; exit 0' INT; sleep 3600 & wait"]\n` +
  `stop_signal = "SIGINT"\numask = "0000"\n${more}`;

const turn = async (device: Device) => void await Promise.all(await reconcile(device));
const names = async (device: Device) => (await running(device)).map((instance) => instance.workload).sort();

await testNeeding(
  ["git"],
  "with the machine all is stopped in order, and nothing of it remembered as a wish",
  async () => {
    await using dir = await tempDir();
    const notes = join(dir.path, "notes");
    await Deno.writeTextFile(notes, "");
    await Deno.chmod(notes, 0o666);
    const repository = await GitRepository.create(join(dir.path, "fleet"));
    await repository.write("services/db.toml", noting(notes, "db", ""));
    await repository.write(
      "services/web.toml",
      noting(notes, "web", 'depends_on = [{ name = "db", condition = "started" }]\n'),
    );
    await repository.write("services/once.toml", `${SLEEP}type = "job"\n`);
    await repository.write("services/over.toml", 'command = ["/bin/true"]\nrestart = "never"\n');
    await repository.commit("Begin");
    await using opened = await turnedDevice(dir.path, repository.dir);
    const { device } = opened;
    await syncOnce(device);
    await eventually("all run", async () => {
      await turn(device);
      return device.snapshot!.workloads.every((workload) => ["running", "completed"].includes(workload.phase));
    });
    const all = ["db", "once", "web"];
    assert.deepEqual(await names(device), all);

    const said: string[] = [];
    let isOver = false;
    const stopping = stopAllWorkloads(device, "shutdown", {
      progress: (message) => said.push(message),
      signal: new AbortController().signal,
    }).finally(() => isOver = true);
    await eventually("everything is stopped", async () => {
      await turn(device);
      return isOver;
    });
    assert.deepEqual((await stopping).filter((one) => one !== "over"), all);
    assert.deepEqual(await names(device), []);
    assert.equal(await Deno.readTextFile(notes), "web\ndb\n");
    assert.ok(said[0]!.includes("web") && !said[0]!.includes("db"), said.join("; "));

    device.shutdownKind = null;
    await eventually("the next boot starts them all", async () => {
      await turn(device);
      return (await names(device)).join() === all.join();
    });
    const outcomes = device.snapshot!.workloads.find((workload) => workload.name === "once")!.runs.map((run) =>
      run.outcome
    );
    assert.deepEqual(outcomes, ["stopped", "running"]);
    assert.equal(device.snapshot!.workloads.find((workload) => workload.name === "over")!.phase, "completed");
  },
);

await testNeeding(["git"], "a machine that goes down before anything was looked at waits for a look", async () => {
  await using dir = await tempDir();
  const repository = await GitRepository.create(join(dir.path, "fleet"));
  await repository.write("services/web.toml", SLEEP);
  await repository.commit("Begin");
  await using opened = await turnedDevice(dir.path, repository.dir);
  const { device } = opened;
  await syncOnce(device);
  await turn(device);
  await turn(device);
  assert.deepEqual(await names(device), ["web"]);
  device.observations = [];
  let isOver = false;
  const stopping = stopAllWorkloads(device, "shutdown", { progress() {}, signal: new AbortController().signal })
    .finally(() => isOver = true);
  for (const listener of device.listeners) listener();
  await new Promise((resolve) => setTimeout(resolve));
  assert.ok(!isOver);
  await eventually("it is stopped", async () => {
    await turn(device);
    return isOver;
  });
  assert.deepEqual(await stopping, ["web"]);
  assert.deepEqual(await names(device), []);
});
