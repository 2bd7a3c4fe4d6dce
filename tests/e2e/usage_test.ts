/** What instances use, from the process to the command line. */
import assert from "node:assert/strict";
import { join } from "node:path";
import type { UsageSeries } from "../../src/model/usage.ts";
import type { WorkloadStatus } from "../../src/model/snapshot.ts";
import { TestDevice } from "../support/device.ts";
import { eventually } from "../support/eventually.ts";
import { GitRepository } from "../support/git_repository.ts";
import { testNeeding } from "../support/prerequisite.ts";
import { tempDir } from "../support/temp.ts";

/** It takes a whole core where nothing else runs, and its share where other tests do. */
const isBusy = (workload: WorkloadStatus) => (workload.instances[0]?.cpu_percent ?? 0) > 1;

await testNeeding(["git"], "a busy service is seen to be busy, also by the daemon that adopts it", async () => {
  await using dir = await tempDir();
  const repository = await GitRepository.create(join(dir.path, "fleet"));
  const busy = 'command = ["/bin/sh", "-c", "while :; do :; done"]\nstop_timeout = "1s"\n';
  await repository.write("services/busy.toml", busy);
  await repository.commit("Begin");
  await using device = await TestDevice.start({ root: dir.path, repository: repository.dir });
  const before = await device.until("busy", isBusy);
  await device.killDaemon();
  await device.startDaemon();
  const after = await device.until("busy", isBusy);
  assert.equal(after.instances[0]?.pid, before.instances[0]?.pid);
  assert.ok(after.instances[0]!.memory_bytes! > 0);

  const url = `http://127.0.0.1:${device.port}/api/v1/workloads/busy/usage`;
  const { instances } = await eventually("the series has two samples", async () => {
    const series = await (await fetch(url)).json() as UsageSeries;
    return (series.instances[0]?.at.length ?? 0) > 1 && series;
  });
  assert.equal(instances[0]!.cpu_percent[0], null);
  assert.notEqual(instances[0]!.cpu_percent[1], null);

  const shown = await device.cli("status", "busy");
  assert.match(shown.out, /^busy {2}service, native, revision [0-9a-f]{7}, .*\n[^]*\n {2}0 +running .* \d+ % /);
  const unknown = await device.cli("status", "bussy");
  assert.deepEqual([unknown.code, unknown.out], [1, ""]);
  assert.match(unknown.err, /there is no workload "bussy" on this device\n {2}hint: this device has: busy/);
});
