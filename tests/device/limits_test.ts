/** Limits on a booted device, where systemd has given the daemon's unit its control groups: enforced, and kept. */
import assert from "node:assert/strict";
import type { Snapshot, WorkloadStatus } from "../../src/model/snapshot.ts";
import { eventually } from "../support/eventually.ts";
import { testNeeding } from "../support/prerequisite.ts";
import { Machine } from "./machine.ts";

/** Emulated machines are slow; nothing here is about time. */
const PATIENT = { deadlineMs: 120_000, everyMs: 1000 };

/** tail(1) keeps what has no line end: 300 MB of it. */
const EATER = 'command = ["/bin/sh", "-c", "head -c 300000000 /dev/zero | tail -n 1 >/dev/null; exec sleep 1000"]\n' +
  'resources = { memory = "32Mi" }\nrestart = { delay = "15s", max_delay = "15s" }\n';
const NEIGHBOUR = 'command = ["/bin/sleep", "1000"]\nresources = { memory = "64Mi", cpu = 0.5, pids = 20 }\n' +
  "nice = -5\noom_score_adj = -200\nlimits = { nofile = 300000 }\n";

async function workload(machine: Machine, name: string): Promise<WorkloadStatus | undefined> {
  const snapshot = JSON.parse(await machine.sh("cd /etc/harbornode && harbornode status --json")) as Snapshot;
  return snapshot.workloads.find((workloadStatus) => workloadStatus.name === name);
}

/** Of the neighbour: its control group's files by name, and its pid. */
const LOOK = `cd /sys/fs/cgroup/system.slice/harbornode-*.scope/harbornode-*-neighbour-0-*
for file in memory.max memory.swap.max memory.oom.group cpu.max pids.max cgroup.procs; do
  echo "$file $(cat $file)"; done
pid=$(cat cgroup.procs)
echo "oom_score_adj $(cat /proc/$pid/oom_score_adj)"; echo "nice $(ps -o ni= $pid)"
grep -E "^(Max open files)" /proc/$pid/limits; stat -c "owner %u" /proc/$pid`;

await testNeeding(["device"], "a booted device enforces limits, over a kill of the daemon too", async () => {
  await using machine = await Machine.start({ services: { eater: EATER, neighbour: NEIGHBOUR } });
  const killed = await eventually("the eater was killed", async () => {
    const one = await workload(machine, "eater");
    return one?.phase === "backoff" && one;
  }, PATIENT);
  assert.match(killed.message, /^ended with exit code 137 \(killed: over its memory limit\)/);
  const neighbour = await eventually("the neighbour runs", async () => {
    const one = await workload(machine, "neighbour");
    return one?.phase === "running" && one;
  }, PATIENT);
  assert.deepEqual(neighbour.warnings, []);
  const { pid } = neighbour.instances[0]!;
  const limits = [
    "memory.max 67108864",
    "memory.swap.max 0",
    "memory.oom.group 1",
    "cpu.max 50000 100000",
    "pids.max 20",
    `cgroup.procs ${pid}`,
    "oom_score_adj -200",
    "nice -5",
    "Max open files 300000 300000 files",
  ];
  const look = async () => (await machine.sh(LOOK)).trim().split("\n").map((line) => line.trim().replace(/\s+/g, " "));
  const before = await look();
  assert.deepEqual(before.slice(0, -1), limits);
  assert.match(before.at(-1)!, /^owner 64\d\d\d$/);

  const restarts = (await workload(machine, "eater"))!.instances[0]!.restarts;
  await machine.sh("kill -9 $(systemctl show -P MainPID harbornode)");
  await eventually("the next daemon has restarted the eater", async () => {
    const one = await workload(machine, "eater").catch(() => undefined);
    return (one?.instances[0]?.restarts ?? 0) > restarts;
  }, PATIENT);
  assert.deepEqual(await look(), before);
});

await testNeeding(["device"], "a device without a memory controller says that a limit does not hold", async () => {
  await using machine = await Machine.start({
    services: { neighbour: NEIGHBOUR },
    append: "cgroup_disable=memory",
  });
  const one = await eventually("the neighbour runs", async () => {
    const seen = await workload(machine, "neighbour");
    return seen?.phase === "running" && seen;
  }, PATIENT);
  assert.deepEqual(one.warnings, [{
    reason: "limit_not_enforced",
    message: 'memory = "64 MiB" is not enforced: this device has no memory controller; on a Raspberry Pi add ' +
      "cgroup_enable=memory cgroup_memory=1 to /boot/firmware/cmdline.txt",
  }]);

  const { checks } = JSON.parse(await machine.sh("cd /etc/harbornode && harbornode doctor --json || true")) as {
    checks: { check: string; verdict: string; message: string; hint: string | null }[];
  };
  const findings = (name: string) => checks.filter(({ check }) => check === name);
  assert.deepEqual(findings("control groups").map(({ message, hint }) => [message, hint]), [[
    "there is no memory controller: such limits are not enforced",
    'take "cgroup_disable=memory" out of the kernel\'s command line, and restart the device',
  ]]);
  assert.deepEqual(findings("workloads").map(({ message }) => message), ["warnings of neighbour"]);
  const unit = findings("unit").map(({ message }) => message).join("\n");
  assert.doesNotMatch(unit, /not the one of this build/, "the installed unit is the one that is inside");
  for (const name of ["reach", "daemon", "kernel", "disk"]) assert.equal(findings(name)[0]?.verdict, "ok", name);
});
