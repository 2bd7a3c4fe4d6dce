/** Everything stopped because the machine goes down, and started again by the next daemon. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { stopAllWorkloads } from "../../src/operations/stop_all_workloads.ts";
import type { DaemonParts } from "../../src/daemon/daemon_parts.ts";
import { eventually } from "../support/eventually.ts";
import { GitRepository } from "../support/git_repository.ts";
import { testNeeding } from "../support/prerequisite.ts";
import { tempDir } from "../support/temp.ts";
import { running, steppedDaemon } from "../reconciler/single_reconcile_device.ts";

const SLEEP = 'command = ["/bin/sleep", "3600"]\n';
/** Notes when it was stopped, by which signal. A shell lets its background programs ignore SIGINT: they are killed. */
const noting = (path: string, name: string, more: string) =>
  `command = ["/bin/sh", "-c", "trap 'echo ${name} >>${path}; exit 0' INT; sleep 3600 & wait"]\n` +
  `stop_signal = "SIGINT"\nstop_timeout = "1s"\numask = "0000"\n${more}`;

const turn = async (parts: DaemonParts) => void await Promise.all(await parts.reconciler.reconcile());
const names = async (parts: DaemonParts) => (await running(parts)).map((instance) => instance.workload).sort();

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
    const id = `test-${crypto.randomUUID()}`;
    await using before = await steppedDaemon(dir.path, repository.dir, { id });
    const { parts } = before;
    await parts.sync.sync();
    await eventually("all run", async () => {
      await turn(parts);
      return parts.feed.current.workloads.every((workload) => ["running", "completed"].includes(workload.phase));
    });
    const all = ["db", "once", "web"];
    assert.deepEqual(await names(parts), all);

    const said: string[] = [];
    let isOver = false;
    const stopping = stopAllWorkloads(parts, "shutdown", {
      progress: (message) => said.push(message),
      signal: new AbortController().signal,
    }).finally(() => isOver = true);
    await eventually("everything is stopped", async () => {
      await turn(parts);
      return isOver;
    });
    assert.deepEqual((await stopping).filter((one) => one !== "over"), all);
    assert.deepEqual(await names(parts), []);
    assert.equal(await Deno.readTextFile(notes), "web\ndb\n");
    assert.ok(said[0]!.includes("web") && !said[0]!.includes("db"), said.join("; "));

    await using after = await steppedDaemon(dir.path, repository.dir, { id });
    await after.parts.sync.loadFromDisk();
    await eventually("the next boot starts them all", async () => {
      await turn(after.parts);
      return (await names(after.parts)).join() === all.join();
    });
    const { workloads } = after.parts.feed.current;
    const outcomes = workloads.find((workload) => workload.name === "once")!.runs.map((run) => run.outcome);
    assert.deepEqual(outcomes, ["stopped", "running"]);
    assert.equal(workloads.find((workload) => workload.name === "over")!.phase, "completed");
  },
);

await testNeeding(["git"], "a machine that goes down before anything was looked at waits for a look", async () => {
  await using dir = await tempDir();
  const repository = await GitRepository.create(join(dir.path, "fleet"));
  await repository.write("services/web.toml", SLEEP);
  await repository.commit("Begin");
  const id = `test-${crypto.randomUUID()}`;
  await using before = await steppedDaemon(dir.path, repository.dir, { id });
  await before.parts.sync.sync();
  await turn(before.parts);
  await turn(before.parts);
  assert.deepEqual(await names(before.parts), ["web"]);
  await using after = await steppedDaemon(dir.path, repository.dir, { id });
  const { parts } = after;
  let isOver = false;
  const stopping = stopAllWorkloads(parts, "shutdown", { progress() {}, signal: new AbortController().signal })
    .finally(() => isOver = true);
  parts.feed.notify();
  await new Promise((resolve) => setTimeout(resolve));
  assert.ok(!isOver);
  await eventually("it is stopped", async () => {
    await turn(parts);
    return isOver;
  });
  assert.deepEqual(await stopping, ["web"]);
  assert.deepEqual(await names(parts), []);
});
