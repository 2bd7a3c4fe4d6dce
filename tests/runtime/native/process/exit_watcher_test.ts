/** Ends of real processes that are nobody's children here: by the kernel's word, and by looking. */
import assert from "node:assert/strict";
import { ExitWatcher } from "../../../../src/runtime/native/process/exit_watcher.ts";
import { killByPid, libc } from "../../../../src/os/libc.ts";
import { type ProcessHandle, signal, statOf } from "../../../../src/os/pidfd.ts";
import { eventually } from "../../../support/eventually.ts";
import { testNeeding } from "../../../support/prerequisite.ts";

// It stays for the life of the process.
libc();

/** A sleeping process whose parent has ended. */
async function orphan(): Promise<ProcessHandle> {
  const { stdout } = await new Deno.Command("sh", { args: ["-c", "sleep 1000 >/dev/null 2>&1 & echo $!"] }).output();
  const stat = await statOf(Number(new TextDecoder().decode(stdout)));
  return { pid: stat!.pid, startTime: stat!.startTime };
}

for (const [how, byLooking] of [["the kernel", false], ["looking", true]] as const) {
  await testNeeding([], `ends of a hundred processes are told by ${how}, each once`, async () => {
    const ends = new ExitWatcher({ byLooking });
    const processes = await Promise.all(Array.from({ length: 100 }, orphan));
    const told = new Map<number, number>();
    for (const processIdentity of processes) {
      await ends.watch(processIdentity, () => told.set(processIdentity.pid, (told.get(processIdentity.pid) ?? 0) + 1));
    }
    assert.equal(told.size, 0);
    for (const processIdentity of processes) assert.ok(await signal(processIdentity, "SIGKILL"));
    await eventually("all are told", () => told.size === processes.length);
    assert.deepEqual([...new Set(told.values())], [1]);
    await ends.close();
  });

  await testNeeding([], `ends are told by ${how} of what has ended already, or is another process by now`, async () => {
    const ends = new ExitWatcher({ byLooking });
    const one = await orphan();
    let told = 0;
    await ends.watch({ ...one, startTime: "1" }, () => told++);
    assert.equal(told, 1);
    await signal(one, "SIGKILL");
    await eventually(
      "it is gone",
      async () => (await statOf(one.pid)) === null || (await statOf(one.pid))?.state === "Z",
    );
    await ends.watch(one, () => told++);
    assert.equal(told, 2);
    await ends.close();
  });

  await testNeeding([], `nothing is told by ${how} after close`, async () => {
    const ends = new ExitWatcher({ byLooking });
    const [first, second] = [await orphan(), await orphan()];
    let told = 0;
    await ends.watch(first, () => told++);
    await ends.close();
    await ends.watch(second, () => told++);
    for (const processIdentity of [first, second]) await signal(processIdentity, "SIGKILL");
    const other = new ExitWatcher({ byLooking });
    let otherTold = false;
    await other.watch(second, () => otherTold = true);
    await eventually("another one is told", () => otherTold);
    assert.equal(told, 0);
    await other.close();
  });
}

Deno.test("a signal reaches the process that is meant, and no other one that has its pid", async () => {
  const one = await orphan();
  assert.equal(await signal({ ...one, startTime: "1" }, "SIGKILL"), false);
  assert.notEqual((await statOf(one.pid))?.state ?? "Z", "Z");
  assert.equal(await signal(one, "SIGKILL"), true);
  await eventually("it has ended", async () => ["Z", undefined].includes((await statOf(one.pid))?.state));
  assert.equal(await signal(one, "SIGKILL"), false);
});

Deno.test("a kernel without handles of processes delivers real-time signals by pid", async () => {
  const one = await orphan();
  assert.equal(killByPid(one.pid, 37), true);
  await eventually("it has ended", async () => ["Z", undefined].includes((await statOf(one.pid))?.state));
});
