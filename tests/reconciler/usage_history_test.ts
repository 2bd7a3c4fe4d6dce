import assert from "node:assert/strict";
import type { Clock } from "../../src/clock.ts";
import { systemClock } from "../../src/clock.ts";
import { percentOfCore, UsageHistory } from "../../src/reconciler/usage_history.ts";
import type { Instance } from "../../src/model/instance.ts";
import { Failure } from "../../src/failure.ts";
import type { RuntimeName } from "../../src/model/workload.ts";
import type { Runtime } from "../../src/runtime/runtime.ts";
import { eventually } from "../support/eventually.ts";
import { workload as status } from "../support/snapshots.ts";
import { instances, start } from "../runtime/conformance.ts";
import { type NativeDevice, nativeDevice, nativeWorkload } from "../runtime/native/native_device.ts";

const loop = (script: string, name: string) => nativeWorkload({ name, command: ["/bin/sh", "-c", script] });

const AWAY = {
  name: "docker",
  usage: () =>
    Promise.reject(new Failure("Docker does not answer", { kind: "transient", reason: "docker_unavailable" })),
} as Pick<Runtime, "name" | "usage"> as Runtime;

/** A history over a device's real instances; time goes forward by hand where `clock` says so. */
async function history(device: NativeDevice, clock: Clock = systemClock) {
  const seen = { instances: await instances(device.runtime), changes: 0, watched: true };
  const usage = new UsageHistory({
    runtimes: new Map<RuntimeName, Runtime>([["docker", AWAY], ["native", device.runtime]]),
    clock,
    instances: () => seen.instances,
    isWatched: () => seen.watched,
    changed: () => seen.changes++,
  });
  return { usage, seen };
}

/** What a status shows of the instance. */
function shown(usage: UsageHistory, instance: Instance) {
  const [template] = status("web").instances;
  const instances = [{ ...template!, slot: instance.slot, pid: instance.pid, cpu_percent: null, memory_bytes: null }];
  return usage.withLatest(status(instance.workload, { instances })).instances[0]!;
}

Deno.test("a percentage is of one core, and never below nothing", () => {
  assert.deepEqual([percentOfCore(500, 1000), percentOfCore(4000, 1000), percentOfCore(1, 5000)], [50, 400, 0]);
  assert.deepEqual([percentOfCore(-30, 1000), percentOfCore(10, 0)], [0, 0]);
});

Deno.test("use shows a busy process far above an idle one", async () => {
  await using device = await nativeDevice();
  const busy = await start(device.runtime, loop("while :; do :; done", "busy"));
  const idle = await start(device.runtime, loop("exec sleep 1000", "idle"));
  const { usage } = await history(device);
  assert.equal(shown(usage, busy).cpu_percent, null);
  await usage.look();
  assert.equal(shown(usage, busy).cpu_percent, null, "one look makes no percentage");
  assert.ok(shown(usage, busy).memory_bytes! > 0);
  // How much of a core it gets depends on what else runs on this machine.
  await eventually("busy is over 1 %, idle a tenth of it at most", async () => {
    await usage.look();
    const [high, low] = [busy, idle].map((instance) => shown(usage, instance).cpu_percent!);
    if (high! > 1 && low! <= high! / 10) return true;
    throw new Error(`${high} % and ${low} %`);
  }, { everyMs: 200 });
});

Deno.test("use is kept for ten minutes and no longer, and a slot that is gone is forgotten", async () => {
  await using device = await nativeDevice();
  const one = await start(device.runtime, loop("exec sleep 1000", "web"));
  let minutes = 0;
  const clock: Clock = { ...systemClock, now: () => minutes * 60_000, monotonic: () => minutes * 60_000 };
  const { usage, seen } = await history(device, clock);
  for (; minutes < 30; minutes++) await usage.look();
  const [slot, ...others] = usage.series("web").instances;
  assert.equal(others.length, 0);
  assert.deepEqual([slot?.at.length, slot?.cpu_percent.length, slot?.memory_bytes.length], [11, 11, 11]);
  assert.deepEqual([slot?.at[0], slot?.at.at(-1)], ["1970-01-01T00:19:00.000Z", "1970-01-01T00:29:00.000Z"]);

  await device.runtime.stop(one, { signal: "SIGKILL", timeoutMs: 5000 });
  seen.instances = await instances(device.runtime);
  minutes = 35;
  await usage.look();
  assert.equal(usage.series("web").instances[0]?.at.length, 5);
  minutes = 45;
  await usage.look();
  assert.deepEqual(usage.series("web").instances, []);
});

Deno.test("use of a slot goes on over a restart, without a percentage made of two instances", async () => {
  await using device = await nativeDevice();
  const first = await start(device.runtime, loop("exec sleep 1000", "web"));
  const { usage, seen } = await history(device);
  await usage.look();
  await device.runtime.stop(first, { signal: "SIGKILL", timeoutMs: 5000 });
  const second = await start(device.runtime, loop("exec sleep 1000", "web"), { previous: first });
  seen.instances = await instances(device.runtime);
  await usage.look();
  assert.equal(shown(usage, first).memory_bytes, null, "what ended uses nothing");
  assert.ok(shown(usage, second).memory_bytes! > 0);
  assert.deepEqual(usage.series("web").instances[0]?.cpu_percent, [null, null]);
});

Deno.test("use is looked at every 5 s while somebody reads it, and every 30 s otherwise", async () => {
  await using device = await nativeDevice();
  await start(device.runtime, loop("exec sleep 1000", "web"));
  let seconds = 0;
  const clock: Clock = { ...systemClock, now: () => seconds * 1000, monotonic: () => seconds * 1000 };
  const { usage, seen } = await history(device, clock);
  seen.watched = false;
  for (; seconds < 100; seconds += 5) await usage.lookIfDue();
  const [web] = seen.instances;
  seen.instances = [{ ...web!, pid: web!.pid! + 1 }];
  for (; seconds < 110; seconds += 5) await usage.lookIfDue();
  seen.watched = true;
  for (; seconds < 120; seconds += 5) await usage.lookIfDue();
  const at = usage.series("web").instances[0]!.at.map((one) => Date.parse(one) / 1000);
  assert.deepEqual(at, [0, 5, 35, 65, 95, 100, 110, 115], "a new process is looked at soon");
});

Deno.test("use tells of a change, and is silent while the numbers stay", async () => {
  await using device = await nativeDevice();
  await start(device.runtime, loop("exec sleep 1000", "web"));
  const { usage, seen } = await history(device);
  await eventually("the numbers come to rest", async () => {
    const before = seen.changes;
    await usage.look();
    return seen.changes === before && before > 0;
  });
});

Deno.test("a runtime that does not answer costs its numbers, not those of another", async () => {
  await using device = await nativeDevice();
  const one = await start(device.runtime, loop("exec sleep 1000", "web"));
  const { usage, seen } = await history(device);
  const box: Instance = { ...one, id: "box", workload: "box", runtime: "docker" };
  seen.instances = [box, one];
  await usage.look();
  assert.deepEqual(usage.series("box").instances, []);
  assert.equal(usage.series("web").instances.length, 1);
});
