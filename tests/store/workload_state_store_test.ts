import assert from "node:assert/strict";
import { join } from "node:path";
import { containerOptions } from "../../src/model/container_options.ts";
import { fingerprint } from "../../src/model/fingerprint.ts";
import { newState } from "../../src/model/workload_state.ts";
import { WorkloadStateStore } from "../../src/store/workload_state_store.ts";
import { docker } from "../support/workload.ts";
import { tempDir } from "../support/temp.ts";

Deno.test("what is kept of a workload is known at once, and on disk with the next save of it alone", async () => {
  await using dir = await tempDir();
  const store = await WorkloadStateStore.open(dir.path);
  const slots = { 0: { fingerprint: "f", restarts: 0, streak: 0, lastExitCode: null, recent: [] } };
  const kept = { ...newState("web"), slots };
  store.keep(kept);
  assert.deepEqual(store.all.get("web"), kept);
  await store.save(newState("db"));
  assert.deepEqual([...(await WorkloadStateStore.open(dir.path)).all.keys()], ["db"]);
  await store.save(kept);
  assert.deepEqual((await WorkloadStateStore.open(dir.path)).all.get("web"), kept);
  await store.forget("web");
  store.keep(kept);
  await store.forget("web");
  assert.deepEqual([...store.all.keys()], ["db"]);
});

Deno.test("a spec that an older version wrote has the fields that came later, and its fingerprint", async () => {
  await using dir = await tempDir();
  const workload = docker({ name: "web" });
  const { devices: _devices, gpus: _gpus, pinnedImage: _pinned, pull: _pull, imageUpdates: _updates, ...old } =
    workload;
  const { platform: _platform, ...rest } = old;
  const older = Object.fromEntries(Object.entries(rest).filter(([name]) => !Object.hasOwn(containerOptions(), name)));
  const applied = { workload: older as unknown as typeof workload, fingerprint: fingerprint(workload), revision: "r" };
  await (await WorkloadStateStore.open(dir.path)).save({ ...newState("web"), applied });
  const read = (await WorkloadStateStore.open(dir.path)).all.get("web")?.applied?.workload;
  assert.deepEqual(read, workload);
  assert.equal(fingerprint(read), applied.fingerprint);
  assert.equal(fingerprint(applied.workload), applied.fingerprint);
});

Deno.test("a suspended workload is on disk as `hold`, which is the name of the format, and is read back", async () => {
  await using dir = await tempDir();
  const override = { action: "suspend", since: 1, until: null } as const;
  await (await WorkloadStateStore.open(dir.path)).save({ ...newState("web"), override });
  const { value } = JSON.parse(await Deno.readTextFile(join(dir.path, "web.json")));
  assert.deepEqual(value, { ...newState("web"), hold: { ...override, action: "hold" } });
  assert.deepEqual((await WorkloadStateStore.open(dir.path)).all.get("web"), { ...newState("web"), override });
});
