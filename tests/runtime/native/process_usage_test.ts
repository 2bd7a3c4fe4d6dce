import assert from "node:assert/strict";
import { join } from "node:path";
import { systemClock } from "../../../src/clock.ts";
import { readRecords, readShim } from "../../../src/runtime/native/instance_record.ts";
import { readShimJournal } from "../../../src/runtime/native/shim_journal.ts";
import { UsageReader } from "../../../src/runtime/native/process_usage.ts";
import { eventually } from "../../support/eventually.ts";
import { tempDir } from "../../support/temp.ts";
import { start } from "../conformance.ts";
import { type NativeDevice, nativeDevice, nativeWorkload } from "./native_device.ts";

const shell = (script: string) => nativeWorkload({ command: ["/bin/sh", "-c", script] });

/** The same instance as its cgroup tells it (null where it has none), and as its processes do. */
async function bothWays({ runDir }: NativeDevice) {
  const [found] = await readRecords(runDir);
  const { service } = await readShimJournal(found!.directory);
  const shim = await readShim(found!.directory);
  const { cgroup } = found!.record;
  // A reader of its own for each look: a scan of /proc counts for a while.
  const read = (cgroup: string | null) => new UsageReader(systemClock).of({ cgroup, service, shim });
  return { byCgroup: cgroup === null ? null : await read(cgroup), byProcesses: await read(null) };
}

Deno.test("use without a cgroup is added up over the session and what descends from it", async () => {
  await using device = await nativeDevice();
  await start(device.runtime, shell("setsid sh -c 'while :; do :; done' & (sleep 1000 &); while :; do :; done"));
  await eventually("two loops and an orphan are there", async () => {
    const { byCgroup, byProcesses } = await bothWays(device);
    if (byProcesses === null || byProcesses.pids !== 3) throw new Error(JSON.stringify(byProcesses));
    if (byProcesses.cpuMs < 300) return false;
    // The processes are read after the cgroup, and in ticks of 10 ms.
    if (byCgroup !== null) {
      assert.equal(byCgroup.pids, 3);
      assert.ok(Math.abs(byCgroup.cpuMs - byProcesses.cpuMs) < 200, JSON.stringify({ byCgroup, byProcesses }));
    }
    return true;
  });
});

Deno.test("use keeps the time of children that have ended", async () => {
  await using device = await nativeDevice();
  await start(device.runtime, shell("(i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done); exec sleep 1000"));
  const { byProcesses } = await eventually("the child has ended", async () => {
    const both = await bothWays(device);
    return both.byProcesses?.pids === 1 && both.byProcesses.cpuMs >= 50 && both;
  });
  assert.ok(byProcesses!.memoryBytes! > 0);
});

Deno.test("use of workers counts what they share once", async () => {
  await using device = await nativeDevice();
  await start(device.runtime, shell("for n in 1 2 3 4 5 6 7 8; do sh -c 'sleep 1000; :' & done; wait"));
  const { byProcesses } = await eventually("all workers are there", async () => {
    const both = await bothWays(device);
    return both.byProcesses?.pids === 17 && both;
  });
  const resident = await residentSum(device);
  assert.ok(byProcesses!.memoryBytes! < resident / 2, `${byProcesses!.memoryBytes} of ${resident}`);
});

Deno.test("use by a cgroup with its own counts leaves out cached files that nobody touched lately", async () => {
  await using dir = await tempDir();
  const files = {
    "cpu.stat": "usage_usec 1500000\nuser_usec 1000000\nsystem_usec 500000\n",
    "cgroup.procs": "6\n7\n8\n",
    "memory.current": "10000000\n",
    "memory.stat": "anon 5000000\nfile 4000000\ninactive_anon 1\nactive_file 1000000\ninactive_file 3000000\n",
    "pids.current": "6\n",
  };
  for (const [name, text] of Object.entries(files)) await Deno.writeTextFile(join(dir.path, name), text);
  const use = await new UsageReader(systemClock).of({
    cgroup: dir.path,
    service: null,
    shim: { pid: 6, startTime: "1" },
  });
  assert.deepEqual(use, { cpuMs: 1500, memoryBytes: 7_000_000, pids: 5 });
});

Deno.test("use of what ended is null", async () => {
  await using device = await nativeDevice();
  const one = await start(device.runtime, shell("exit 0"));
  await eventually("it has ended", async () => await device.runtime.usage(one) === null);
  assert.deepEqual(
    await new UsageReader(systemClock).of({ cgroup: "/sys/fs/cgroup/gone", service: null, shim: null }),
    null,
  );
});

async function residentSum({ runDir }: NativeDevice): Promise<number> {
  const [found] = await readRecords(runDir);
  const { service } = await readShimJournal(found!.directory);
  let sum = 0;
  for await (const { name } of Deno.readDir("/proc")) {
    const stat = await Deno.readTextFile(`/proc/${name}/stat`).catch(() => "");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    if (Number(fields[3]) === service!.pid) sum += Number(fields[21]) * 4096;
  }
  return sum;
}
