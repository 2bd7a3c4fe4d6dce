/** Within which bounds services run: read back from /proc and the control groups of real processes. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { eventually } from "../../../support/eventually.ts";
import { testNeeding } from "../../../support/prerequisite.ts";
import { native } from "../../../support/workload.ts";
import { start } from "../../conformance.ts";
import { nativeDevice } from "../native_device.ts";
import { startAs } from "./credentials.ts";

await testNeeding(
  ["root"],
  "nice, oom_score_adj and umask are as the manifest says",
  async () => {
    await using device = await nativeDevice();
    const { pid, status } = await startAs(device, { nice: -5, oomScoreAdj: 200, umask: 0o027 });
    assert.equal(status.Umask, "0027");
    assert.equal((await Deno.readTextFile(`/proc/${pid}/oom_score_adj`)).trim(), "200");
    const stat = await Deno.readTextFile(`/proc/${pid}/stat`);
    assert.equal(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[16], "-5");
  },
);

Deno.test("a service that says nothing has the bounds of a login", async () => {
  await using device = await nativeDevice();
  const { pid, status } = await startAs(device, {});
  assert.equal(status.Umask, "0022");
  assert.equal(limit(await limits(pid), "Max open files")[0], "1024");
});

await testNeeding(["root"], "limits are soft and hard as the manifest says", async () => {
  await using device = await nativeDevice();
  const { pid } = await startAs(device, {
    limits: {
      nofile: { soft: 2000, hard: 3000 },
      core: { soft: 0, hard: 0 },
      cpu: { soft: null, hard: null },
      nproc: { soft: 50, hard: 100 },
    },
  });
  const read = await limits(pid);
  assert.deepEqual(limit(read, "Max open files"), ["2000", "3000"]);
  assert.deepEqual(limit(read, "Max core file size"), ["0", "0"]);
  assert.deepEqual(limit(read, "Max cpu time"), ["unlimited", "unlimited"]);
  assert.deepEqual(limit(read, "Max processes"), ["50", "100"]);
});

Deno.test("a limit of resources that this device cannot enforce is said, and the service runs", async () => {
  await using device = await nativeDevice();
  const { pid, warnings } = await startAs(device, {
    resources: { memoryBytes: 64 * 1024 * 1024, cpus: 0.5, pids: 20 },
  });
  const group = /^0::(.*)$/m.exec(await Deno.readTextFile(`/proc/${pid}/cgroup`))?.[1] ?? "";
  const files = await Promise.all(
    ["/sys/fs/cgroup", "/sys/fs/cgroup/unified"].flatMap((mount) =>
      ["memory.max", "cpu.max", "pids.max"].map((file) => Deno.readTextFile(join(mount, group, file)).catch(() => ""))
    ),
  );
  const said = warnings.map((warning) => warning.split(" is not enforced: ")[0]);
  const wanted = [
    { value: "67108864\n", sentence: 'limit_not_enforced: memory = "64 MiB"' },
    { value: "50000 100000\n", sentence: "limit_not_enforced: cpu = 0.5" },
    { value: "20\n", sentence: "limit_not_enforced: pids = 20" },
  ];
  assert.deepEqual(said, wanted.filter(({ value }) => !files.includes(value)).map(({ sentence }) => sentence));
});

Deno.test("a service without limits has no warning", async () => {
  await using device = await nativeDevice();
  assert.deepEqual((await startAs(device, {})).warnings, []);
});

await testNeeding(["root"], "files that a service makes carry its umask", async () => {
  await using device = await nativeDevice();
  await start(
    device.runtime,
    native({ umask: 0o077, command: ["/bin/sh", "-c", ': >"$STATE_DIRECTORY/file"; exec sleep 1000'] }),
  );
  const info = await eventually("it is there", () => Deno.stat(join(device.root, "services/web/file")));
  assert.equal(info.mode! & 0o777, 0o600);
});

async function limits(pid: number): Promise<string> {
  return await Deno.readTextFile(`/proc/${pid}/limits`);
}

function limit(text: string, name: string): string[] {
  const line = text.split("\n").find((one) => one.startsWith(name)) ?? "";
  return line.slice(name.length).trim().split(/\s+/).slice(0, 2);
}
