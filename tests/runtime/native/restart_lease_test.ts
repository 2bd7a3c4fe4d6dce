/** Restarts that an instance makes by itself, as it was allowed to: at once, once, and never beside a stop. */
import assert from "node:assert/strict";
import { join } from "node:path";
import type { Instance } from "../../../src/model/instance.ts";
import { statOf } from "../../../src/os/pidfd.ts";
import { eventually } from "../../support/eventually.ts";
import { testNeeding } from "../../support/prerequisite.ts";
import { first, start } from "../conformance.ts";
import { type NativeDevice, nativeDevice, nativeWorkload } from "./native_device.ts";

const shell = (script: string) => nativeWorkload({ command: ["/bin/sh", "-c", script] });
const QUICK = { signal: "SIGTERM", timeoutMs: 5000 } as const;
const until = (device: NativeDevice, claim: (instance: Instance) => boolean) =>
  eventually("the instance is as claimed", () => first(device.runtime, claim));

const starts = async (device: NativeDevice) =>
  (await Deno.readTextFile(join(device.root, "starts")).catch(() => "")).split("\n").length - 1;

/** Writes a line at each start, and ends with the code that it finds in a file. */
const counting = (device: NativeDevice) =>
  shell(`echo $$ >>${device.root}/starts; while [ ! -e ${device.root}/end ]; do sleep 0.02; done
    rc=$(cat ${device.root}/end); rm ${device.root}/end; exit $rc`);

async function endWith(device: NativeDevice, code: number): Promise<void> {
  await Deno.writeTextFile(join(device.root, "new"), String(code));
  await Deno.rename(join(device.root, "new"), join(device.root, "end"));
}

// By way of a cgroup, which only root can make: without one nothing is granted.
const test = (name: string, fn: () => Promise<void>) => testNeeding(["root"], name, fn);

await test("a granted restart follows at once, once, with the same instance and another process", async () => {
  await using device = await nativeDevice();
  const one = await start(device.runtime, counting(device));
  await device.runtime.setRestartLease(one, []);
  await endWith(device, 3);
  const again = await until(device, ({ respawns }) => respawns?.length === 1);
  assert.deepEqual([again.id, again.state, again.respawns?.[0]?.exitCode], [one.id, "running", 3]);
  assert.notEqual(again.pid, one.pid);
  assert.ok(again.startedAt! >= one.startedAt!);
  await eventually("it has started twice", async () => await starts(device) === 2);
  await endWith(device, 4);
  const ended = await until(device, ({ state }) => state === "exited");
  assert.deepEqual([ended.exitCode, await starts(device)], [4, 2]);
});

await test("a granted restart does not follow an exit code that is final, nor one that was taken back", async () => {
  await using device = await nativeDevice();
  const one = await start(device.runtime, counting(device));
  await device.runtime.setRestartLease(one, [0, 9]);
  await endWith(device, 9);
  const ended = await until(device, ({ state }) => state === "exited");
  assert.deepEqual([ended.exitCode, await starts(device)], [9, 1]);

  const next = await start(device.runtime, counting(device), { previous: ended });
  await device.runtime.setRestartLease(next, []);
  await device.runtime.setRestartLease(next, null);
  await endWith(device, 9);
  await until(device, ({ state }) => state === "exited");
  assert.equal(await starts(device), 2);
});

await test("a granted restart happens while no daemon is there, and the next one knows of it", async () => {
  await using device = await nativeDevice();
  const one = await start(device.runtime, counting(device));
  await device.runtime.setRestartLease(one, []);
  await device.leave();
  await endWith(device, 5);
  await eventually("it has started twice", async () => await starts(device) === 2);
  const next = await device.reopen();
  const found = (await first(next, ({ id }) => id === one.id))!;
  assert.deepEqual([found.state, found.respawns?.map(({ exitCode }) => exitCode)], ["running", [5]]);
  await endWith(device, 6);
  const ended = await eventually("it has ended", () => first(next, ({ state }) => state === "exited"));
  assert.equal(ended.exitCode, 6);
});

await test("a program that left something behind is not started by its shim: that has to be gone first", async () => {
  await using device = await nativeDevice();
  const one = await start(
    device.runtime,
    shell(`echo $$ >>${device.root}/starts; setsid sleep 1000 & echo $! >${device.root}/left
      while [ ! -e ${device.root}/end ]; do sleep 0.02; done; exit 1`),
  );
  await device.runtime.setRestartLease(one, []);
  await endWith(device, 1);
  await until(device, ({ state }) => state === "exited");
  assert.equal(await starts(device), 1);
  const left = Number(await Deno.readTextFile(join(device.root, "left")));
  assert.ok(["Z", undefined].includes((await statOf(left))?.state));
});

await test("a stop beside a crash never leaves a program running, granted or not", async () => {
  await using device = await nativeDevice();
  for (let round = 0; round < 15; round++) {
    const one = await start(device.runtime, shell("sleep 0.0$(($$ % 7)); exit 1"));
    await device.runtime.setRestartLease(one, []);
    await device.runtime.stop(one, QUICK);
    const ended = await until(device, ({ id }) => id === one.id);
    assert.equal(ended.state, "exited", `round ${round}`);
    await device.runtime.remove(ended);
  }
});
