/** What the next daemon makes of what it finds. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { type Clock, systemClock } from "../../../src/clock.ts";
import { isAlive, statOf } from "../../../src/os/pidfd.ts";
import { instanceDirectory, readRecords, readShim, writeRecord } from "../../../src/runtime/native/instance_record.ts";
import { readShimJournal } from "../../../src/runtime/native/shim_journal.ts";
import { eventually } from "../../support/eventually.ts";
import { testNeeding } from "../../support/prerequisite.ts";
import { first, instances, start } from "../conformance.ts";
import { nativeDevice, nativeWorkload } from "./native_device.ts";

Deno.test("native misses no end of an instance while it is still adopting others", async () => {
  await using device = await nativeDevice();
  const script = `until [ -e ${device.root}/end ]; do sleep 0.01; done; exit 7`;
  const workload = nativeWorkload({ command: ["/bin/sh", "-c", script] });
  const ids: string[] = [];
  // Records come in any order: of several, one is looked at before the one that is waited for.
  for (let slot = 0; slot < 8; slot++) ids.push((await start(device.runtime, workload, { slot })).id);
  const records = await readRecords(device.runDir);
  const said = records.flatMap((
    { directory },
  ) => [readShimJournal(directory).then(({ service }) => service), readShim(directory)]);
  const processes = (await Promise.all(said)).filter((processIdentity) => processIdentity !== null);
  const { record } = records[0]!;
  const silent = { ...record, id: "web-9-silent", slot: 9, cgroup: null };
  await writeRecord(instanceDirectory(device.runDir, silent), silent);
  // A shim that has not said who it is: an adopting daemon waits for it.
  const shim = new Deno.Command("/bin/sleep", { args: ["1000"], env: { HARBORNODE_INSTANCE: silent.id } }).spawn();
  const waiting = Promise.withResolvers<void>();
  const sleep: Clock["sleep"] = (ms, signal) => {
    waiting.resolve();
    return systemClock.sleep(ms, signal);
  };
  const opening = device.reopen({ ...systemClock, sleep });
  await waiting.promise;
  await Deno.writeTextFile(join(device.root, "end"), "");
  await eventually("all have ended", async () => !(await Promise.all(processes.map(isAlive))).includes(true));
  shim.kill("SIGKILL");
  await shim.status;
  const next = await opening;
  await eventually("the next daemon knows how all of them ended", async () => {
    const ended = (await instances(next)).filter((instance) => ids.includes(instance.id));
    assert.deepEqual(ended.map((instance) => `${instance.state} ${instance.exitCode}`), ids.map(() => "exited 7"));
    return true;
  });
});

await testNeeding(
  ["root"],
  "native frees what a daemon froze that was killed while it killed an instance",
  async () => {
    await using device = await nativeDevice();
    const one = await start(device.runtime, nativeWorkload({ command: ["/bin/sleep", "1000"] }));
    const [found] = await readRecords(device.runDir);
    await Deno.writeTextFile(join(found!.record.cgroup!, "cgroup.freeze"), "1");
    Deno.kill(one.pid!, "SIGKILL");
    await eventually(
      "it is killed, frozen or not",
      async () => !await isAlive((await readShimJournal(found!.directory)).service!),
    );
    const next = await device.reopen();
    const ended = await eventually("its shim tells how it ended", () => first(next, ({ state }) => state === "exited"));
    assert.equal(ended.exitCode, 137);
  },
);

Deno.test("native ends what it cannot know, so that nothing is started beside it", async () => {
  await using device = await nativeDevice();
  const one = await start(device.runtime, nativeWorkload({ command: ["/bin/sleep", "1000"] }));
  const service = { pid: one.pid!, startTime: (await statOf(one.pid!))!.startTime };
  const [found] = await readRecords(device.runDir);
  // As notes of a form that this daemon does not read, and a clock by which their time is over at once.
  await Deno.writeTextFile(join(found!.directory, "notes"), "something else\n");
  let now = 0;
  const next = await device.reopen({ ...systemClock, monotonic: () => now += 3000 });
  const [unknown] = await instances(next);
  assert.deepEqual([unknown?.state, await isAlive(service)], ["created", false]);
});

await testNeeding(
  ["root"],
  "native removes the cgroup that a daemon made just before it was killed, and no other",
  async () => {
    await using device = await nativeDevice();
    await start(device.runtime, nativeWorkload({ command: ["/bin/sleep", "1000"] }));
    const [found] = await readRecords(device.runDir);
    const cgroup = found!.record.cgroup!;
    const left = cgroup.replace(/web-0-[0-9a-f]+$/, "web-7-0123456789ab");
    const others = cgroup.replace(/harbornode-[^/]*$/, "harbornode-stranger-web-7-0123456789ab");
    for (const directory of [left, others]) await Deno.mkdir(directory);
    await device.reopen();
    const isThere = (directory: string) => Deno.stat(directory).then(() => true, () => false);
    assert.deepEqual(await Promise.all([left, others, cgroup].map(isThere)), [false, true, true]);
    await Deno.remove(others);
  },
);
