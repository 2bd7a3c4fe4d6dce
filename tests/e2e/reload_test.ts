/** New files for a service that goes on running, where something is in the way. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { eventually } from "../support/eventually.ts";
import { testNeeding } from "../support/prerequisite.ts";
import { pushedDevice, shell, SLEEP } from "../support/repo_backed_device.ts";
import { tempDir } from "../support/temp.ts";

await testNeeding(["git"], "a reload that fails is shown until the files are mended, and stops nothing", async () => {
  const reload = JSON.stringify(["/bin/sh", "-c", "echo checking; ! grep -q bad word"]);
  await using here = await pushedDevice({
    "web.toml": `${SLEEP}on_change = "reload"\nreload = ${reload}\n`,
    "web/word": "good\n",
  });
  const { device, repository } = here;
  const before = await device.until("web", (workload) => workload.phase === "running" && workload.sync === "synced");
  await repository.write("services/web/word", "bad\n");
  await repository.commit("Bad");
  const bad = await device.until("web", (workload) => workload.phase === "degraded");
  assert.deepEqual([bad.reason, bad.sync], ["reload_failed", "out-of-sync"]);
  assert.equal(bad.message, "its reload command ended with exit code 1: checking");
  const synced = await device.cli("sync", "--wait");
  assert.equal(synced.code, 1, synced.err);

  await repository.write("services/web/word", "better\n");
  await repository.commit("Better");
  const after = await device.until("web", (workload) => workload.phase === "running" && workload.sync === "synced");
  assert.deepEqual(after.instances.map((instance) => instance.pid), before.instances.map((instance) => instance.pid));
});

await testNeeding(["git"], "new files count as told when every instance was told of them", async () => {
  await using dir = await tempDir();
  const calls = join(dir.path, "calls");
  // Of two instances the second one fails, once.
  const reload = JSON.stringify(["/bin/sh", "-c", `echo call >>${calls}; [ $(wc -l <${calls}) != 2 ]`]);
  await using here = await pushedDevice({
    "web.toml": `${SLEEP}replicas = 2\non_change = "reload"\nreload = ${reload}\n`,
    "web/word": "one\n",
  });
  const { device, repository } = here;
  await device.until("web", (workload) => workload.phase === "running" && workload.sync === "synced");
  await repository.write("services/web/word", "two\n");
  await repository.commit("Two");
  await eventually("both are told again", async () => {
    return (await Deno.readTextFile(calls).catch(() => "")).split("\n").length - 1 === 4;
  });
  await device.until("web", (workload) => workload.phase === "running" && workload.sync === "synced");
});

await testNeeding(["git"], "a service that is restarted with new files is not told of them as well", async () => {
  const script = "trap 'echo again' HUP; cat word; while :; do sleep 0.05; done";
  const manifest = (more: string) => `${shell(script)}on_change = "reload"\nreload = "SIGHUP"\n${more}`;
  await using here = await pushedDevice({ "web.toml": manifest(""), "web/word": "one\n" });
  const { device, repository } = here;
  const said = async () => (await device.cli("logs", "web")).out.trim().split("\n");
  await device.until("web", (workload) => workload.phase === "running" && workload.sync === "synced");
  await eventually("it has read the first", async () => (await said()).includes("one"));
  await repository.write("services/web.toml", manifest("env = { V = 2 }\n"));
  await repository.write("services/web/word", "two\n");
  await repository.commit("Both");
  await eventually("it has read the second", async () => (await said()).includes("two"));
  await device.until("web", (workload) => workload.phase === "running" && workload.sync === "synced");
  assert.deepEqual(await said(), ["one", "two"]);
});
