/**
 * The state as each released version wrote it, in a folder of its name: every later one reads it. A folder is never
 * changed again; a format that is raised adds one.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { deviceId } from "../../src/daemon/device_id.ts";
import { fingerprint } from "../../src/model/fingerprint.ts";
import { DeliveryLog } from "../../src/store/delivery_log.ts";
import { forgetOlderState, newerState } from "../../src/store/state_formats.ts";
import { ImageInventory } from "../../src/store/image_inventory.ts";
import { Journal } from "../../src/store/journal.ts";
import { WORKLOAD, WorkloadStateStore } from "../../src/store/workload_state_store.ts";
import { notifyFile, readNotifyState } from "../../src/store/notify_state.ts";
import { readSourceState } from "../../src/store/source_state.ts";
import { newerFiles } from "../../src/store/versioned_file.ts";
import { tempDir } from "../support/temp.ts";

const FORMATS = new URL("formats", import.meta.url).pathname;
const REVISION = "4f2c91a7d0b3e6f8a1c2d3e4f5a6b7c8d9e0f1a2";

async function stateOf(version: string) {
  const dir = await tempDir();
  const { success } = await new Deno.Command("cp", { args: ["-r", join(FORMATS, version), `${dir.path}/data`] })
    .output();
  assert.ok(success);
  return { root: join(dir.path, "data"), [Symbol.asyncDispose]: () => dir[Symbol.asyncDispose]() };
}

for await (const { name: version } of Deno.readDir(FORMATS)) {
  Deno.test(`the state that ${version} wrote is read whole`, async () => {
    await using state = await stateOf(version);
    const path = (name: string) => join(state.root, "state", name);
    assert.deepEqual(await newerState(state.root), []);
    assert.equal(await deviceId(state.root), "0123456789abcdef");

    const { all } = await WorkloadStateStore.open(path("workloads"));
    assert.deepEqual([...all.keys()].sort(), ["cache", "web"]);
    for (const { applied, rollouts, slots } of all.values()) {
      assert.equal(applied!.revision, REVISION);
      // Another one would start everything anew.
      assert.equal(fingerprint(applied!.workload), applied!.fingerprint);
      assert.equal(slots["0"]!.fingerprint, applied!.fingerprint);
      assert.equal(rollouts!.versions[0]!.fingerprint, applied!.fingerprint);
      assert.equal(rollouts!.history[0]!.outcome, "healthy");
    }
    assert.deepEqual([all.get("web")!.ports, all.get("web")!.override?.action], [{ "0/0": 20001 }, "stop"]);

    const source = await readSourceState(path("source.json"));
    assert.deepEqual([source?.applied, source?.device, source?.hasDocker], [REVISION, "pi-kitchen", true]);
    assert.equal((await ImageInventory.open(path("images.json"))).images[0]!.names[0], "nginx:1.27");
    const told = await readNotifyState(notifyFile(path("notify.json")));
    assert.deepEqual([told.queue[0]!.id, told.states[0]!.state], ["q1", "success"]);
    assert.ok((await DeliveryLog.open(path("deliveries.json"))).has("github d1"));
    assert.equal((await Journal.read(path("journal.jsonl"))).unfinished[0]!.workload, "web");
    assert.deepEqual(newerFiles().filter((newerFile) => newerFile.path.startsWith(state.root)), []);
  });
}

Deno.test("a stop signal that 0.1.0 wrote for every workload becomes the image's, and nothing is started again", async () => {
  await using state = await stateOf("0.1.0");
  const directory = join(state.root, "state/workloads");
  const { applied, rollouts } = (await WorkloadStateStore.open(directory)).all.get("cache")!;
  const written = JSON.parse(await Deno.readTextFile(join(directory, "cache.json"))).value;
  assert.equal(written.applied.workload.stopSignal, "SIGTERM");
  assert.equal(written.applied.workload.runtime, "docker");
  assert.equal(applied!.workload.stopSignal, null);
  assert.equal(rollouts!.versions[0]!.workload.stopSignal, null);
  assert.equal(fingerprint(applied!.workload), written.applied.fingerprint);
  assert.equal(fingerprint(rollouts!.versions[0]!.workload), written.rollouts.versions[0].fingerprint);
});

Deno.test("a stop signal that a manifest chose is kept when the format is raised", async () => {
  await using state = await stateOf("0.1.0");
  const directory = join(state.root, "state/workloads");
  const path = join(directory, "cache.json");
  await Deno.writeTextFile(path, (await Deno.readTextFile(path)).replaceAll('"SIGTERM"', '"SIGINT"'));
  const { applied, rollouts } = (await WorkloadStateStore.open(directory)).all.get("cache")!;
  assert.deepEqual([applied!.workload.stopSignal, rollouts!.versions[0]!.workload.stopSignal], ["SIGINT", "SIGINT"]);
});

Deno.test("a spec of 0.1.0 whose container mounts a file alone is remembered by its new fingerprint", async () => {
  await using state = await stateOf("0.1.0");
  const directory = join(state.root, "state/workloads");
  const path = join(directory, "cache.json");
  const file = JSON.parse(await Deno.readTextFile(path));
  const before = file.value.applied.fingerprint as string;
  for (const { workload } of [file.value.applied, ...file.value.rollouts.versions]) {
    workload.onChange = { type: "signal", signal: "SIGHUP" };
    workload.files = [{ path: "app.conf", oid: "0".repeat(40), executable: false }];
    workload.mounts = [{ type: "files", source: "app.conf", target: "/app.conf", readOnly: true }];
  }
  await Deno.writeTextFile(path, JSON.stringify(file));
  const { applied, rollouts, slots } = (await WorkloadStateStore.open(directory)).all.get("cache")!;
  const wanted = fingerprint(applied!.workload);
  assert.notEqual(wanted, before);
  assert.deepEqual(
    [applied!.fingerprint, rollouts!.versions.at(-1)!.fingerprint, slots["0"]!.fingerprint],
    [wanted, wanted, wanted],
  );
});

Deno.test("state of a newer version is told of beforehand, and nothing of it is lost", async () => {
  await using state = await stateOf("0.1.0");
  const workloads = join(state.root, "state/workloads");
  const path = join(workloads, "web.json");
  const text = (await Deno.readTextFile(path)).replace(/"version": \d+/, '"version": 99');
  await Deno.writeTextFile(path, text);
  assert.deepEqual((await newerState(state.root)).map((newerFile) => [newerFile.path, newerFile.found]), [[path, 99]]);
  assert.equal(await Deno.readTextFile(path), text, "looking changes nothing");

  const { all } = await WorkloadStateStore.open(workloads);
  assert.deepEqual([...all.keys()], ["cache"], "one file that cannot be read harms one workload");
  assert.equal(await Deno.readTextFile(`${path}.aside-99`), text);
});

Deno.test("what was set aside counts again where there is nothing newer, and what is older is forgotten in the end", async () => {
  await using state = await stateOf("0.1.0");
  const workloads = join(state.root, "state/workloads");
  const path = join(workloads, "web.json");
  const file = JSON.parse(await Deno.readTextFile(path));
  await Deno.remove(path);
  const known = WORKLOAD.version;
  await Deno.writeTextFile(`${path}.aside-${known}`, JSON.stringify({ ...file, version: known }));
  await Deno.writeTextFile(`${path}.aside-1`, "of an older build");
  assert.deepEqual([...(await WorkloadStateStore.open(workloads)).all.keys()].sort(), ["cache", "web"]);
  await forgetOlderState(state.root);
  const names = (await Array.fromAsync(Deno.readDir(workloads))).map((entry) => entry.name).sort();
  assert.deepEqual(names, ["cache.json", "web.json"]);
});
