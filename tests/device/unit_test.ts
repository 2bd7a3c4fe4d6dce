/**
 * The unit on a booted device: what systemd is told, what a restart, a kill, a halt and a reload leave alone, and what
 * becomes of everything when the machine goes down. One machine for all of it: each costs a boot.
 */
import assert from "node:assert/strict";
import type { Snapshot, WorkloadStatus } from "../../src/model/snapshot.ts";
import { eventually } from "../support/eventually.ts";
import { testNeeding } from "../support/prerequisite.ts";
import { Machine } from "./machine.ts";

/** Emulated machines are slow; nothing here is about time. */
const PATIENT = { deadlineMs: 120_000, everyMs: 500 };

/** Numbers its lines, so that one that is lost is missed. Each costs a process, of which the machine makes few. */
const BUSY = `command = ["/bin/sh", "-c", "n=0; while :; do n=$((n+1)); echo line $n; sleep 0.3; done"]\n`;

/** Notes the signal that stops it, and when that was over, in a folder that a reboot leaves alone. */
const noting = (signal: string, more: string) =>
  `command = ["/bin/sh", "-c", '''trap 'sleep 1; echo ${signal} $(date +%s%N) >>$STATE_DIRECTORY/stopped; exit 0' ${signal}
sleep 100000 & wait''']\nstop_signal = "SIG${signal}"\n${more}`;

/** As root, with nothing taken from it: what it lacks, the daemon lacks. */
const PLAIN = 'command = ["/bin/sleep", "100000"]\nuser = "root"\nno_new_privileges = false\n';

const JOB = 'command = ["/bin/sleep", "100000"]\ntype = "job"\n';

const SERVICES = {
  "busy-a": BUSY,
  "busy-b": BUSY,
  "busy-c": BUSY,
  db: noting("INT", ""),
  web: noting("TERM", 'depends_on = ["db"]\n'),
  plain: PLAIN,
  once: JOB,
};

/** Short, since the test waits for it. */
const DROP_IN = "[Service]\nWatchdogSec=6s\n";

const PREPARE = `mkdir -p /etc/credstore /etc/systemd/system/harbornode.service.d
echo secret-token >/etc/credstore/harbornode.token; chmod 600 /etc/credstore/harbornode.token
printf '${DROP_IN.replaceAll("\n", "\\n")}' >/etc/systemd/system/harbornode.service.d/test.conf
groupadd -f harbornode; usermod -aG harbornode device; chmod 600 /etc/harbornode/config.toml
systemctl enable --quiet harbornode`;

async function show(machine: Machine, ...properties: string[]): Promise<string[]> {
  const words = properties.map((name) => `-p ${name}`).join(" ");
  const lines = (await machine.sh(`systemctl show ${words} harbornode`)).trim().split("\n");
  return properties.map((name) => lines.find((line) => line.startsWith(`${name}=`))!.slice(name.length + 1));
}

async function snapshot(machine: Machine): Promise<Snapshot> {
  // Not by the command line, whose start alone takes seconds of an emulated processor.
  return JSON.parse(await machine.sh("curl -fsS http://127.0.0.1:3080/api/v1/status")) as Snapshot;
}

const pidOf = (workload: WorkloadStatus | undefined) => workload?.instances[0]?.pid ?? null;

async function pids(machine: Machine): Promise<Record<string, number | null>> {
  return Object.fromEntries((await snapshot(machine)).workloads.map((workload) => [workload.name, pidOf(workload)]));
}

/** Every line that was written is kept, in order. */
async function assertNoLineIsLost(machine: Machine, name: string): Promise<void> {
  const lines = (await machine.sh(`curl -fsS "http://127.0.0.1:3080/api/v1/workloads/${name}/logs?tail=5000"`)).trim()
    .split("\n");
  const first = Number(lines[0]!.split(" ")[1]);
  assert.ok(lines.length > 10);
  assert.deepEqual(lines, lines.map((_, index) => `line ${first + index}`));
}

/** Once they run, and the job is as it is to be. */
async function allAreBack(machine: Machine, { job }: { job: "running" | "failed" }): Promise<Snapshot> {
  return await eventually("all are back", async () => {
    const now = await snapshot(machine).catch(() => null);
    const back = now?.workloads.filter((workload) => workload.phase === (workload.name === "once" ? job : "running"));
    return back?.length === 7 && now!;
  }, PATIENT);
}

async function steps(t: Deno.TestContext, all: Record<string, () => Promise<void>>): Promise<void> {
  for (const [name, run] of Object.entries(all)) if (!await t.step(name, run)) return;
}

await testNeeding(["device"], "a booted device: the unit", async (t) => {
  await using machine = await Machine.start({
    services: SERVICES,
    repo: ['token_file = "harbornode.token"'],
    policy: ["allow_root = true"],
    prepare: PREPARE,
  });
  let before: Record<string, number | null> = {};
  let mainPid = "";

  await steps(t, {
    "it is started when it is ready, and not before": async () => {
      // Right after the start: nothing here waits.
      assert.equal((await snapshot(machine)).device.name, "device");
      const journal = await machine.sh("journalctl -b -u harbornode -o cat");
      const [up, started] = ["is up, its page is on", "Started harbornode.service"].map((line) =>
        journal.indexOf(line)
      );
      assert.ok(up! >= 0 && up! < started!, journal);
      assert.deepEqual(await show(machine, "ActiveState", "Type"), ["active", "notify"]);
    },
    "systemctl status says the revision, and how it is": async () => {
      await eventually("all runs", async () => {
        const { workloads } = await snapshot(machine);
        return workloads.length === 7 && workloads.every((workload) => workload.phase === "running");
      }, PATIENT);
      const text = await eventually("the status is told", async () => {
        const [text] = await show(machine, "StatusText");
        return /6 of 7 healthy/.test(text!) && text!;
      }, PATIENT);
      assert.match(text, /^[0-9a-f]{7} .+; 6 of 7 healthy; once: a run is under way$/);
      assert.ok((await machine.sh("systemctl status harbornode")).includes(`Status: "${text}"`));
      before = await pids(machine);
      [mainPid] = await show(machine, "MainPID") as [string];
    },
    "who may talk to the daemon need not read its token, nor its settings": async () => {
      const message = await machine.sh("su device -c 'cd / && harbornode status --json'");
      assert.equal((JSON.parse(message) as Snapshot).workloads.length, 7);
      assert.equal(
        (await machine.sh("cat /run/credentials/harbornode.service/harbornode.token")).trim(),
        "secret-token",
      );
    },
    "a service finds the machine as its author does, not as the daemon was confined": async () => {
      const { plain } = before;
      const host = "Cap|NoNewPrivs|Seccomp|SigBlk|SigIgn|Speculation";
      // Signals 32 and 33 are the C library's own.
      const read = async (pid: string | number) =>
        (await machine.sh(`grep -E '^(${host})' /proc/${pid}/status`)).replace("0000000180000000", "0000000000000000");
      // A login is what others start programs from.
      const login = await read("self");
      assert.equal(await read(plain!), login);
      const same = await machine.sh(`for ns in mnt net pid ipc uts cgroup user; do
        [ "$(readlink /proc/${plain}/ns/$ns)" = "$(readlink /proc/1/ns/$ns)" ] || echo $ns; done
        cmp /proc/${plain}/mountinfo /proc/1/mountinfo`);
      assert.equal(same, "");
      const rest = await machine.sh(`cat /proc/${plain}/oom_score_adj
        grep 'open files' /proc/${plain}/limits; tr '\\0' '\\n' </proc/${plain}/environ | cut -d= -f1 | sort | xargs
        cut -d/ -f1-4 /proc/${plain}/cgroup`);
      const [oom, files, names, cgroup] = rest.trim().split("\n");
      assert.equal(oom, "0");
      assert.match(files!, /Max open files +1024 +524288 /);
      assert.equal(
        names,
        "HARBORNODE_INSTANCE HARBORNODE_SLOT HARBORNODE_WORKLOAD HOME LANG LOGNAME PATH PWD STATE_DIRECTORY USER",
      );
      assert.match(cgroup!, /^0::\/system\.slice\/harbornode-[0-9a-f]{16}\.scope\/harbornode-/);
      const own = await machine.sh(`tr '\\0' '\\n' </proc/${mainPid}/environ | grep -c WATCHDOG_USEC`);
      assert.equal(own.trim(), "1", "the daemon has what its services have not");
    },
    "a restart and a stop under load take no service with them": async () => {
      await machine.sh("systemctl restart harbornode");
      assert.deepEqual(await pids(machine), before);
      await machine.sh("systemctl stop harbornode && kill -0 $(cat /dev/null) 2>/dev/null; systemctl start harbornode");
      assert.deepEqual(await pids(machine), before);
    },
    "a daemon that is killed is started again, and knows them all": async () => {
      await machine.sh("kill -9 $(systemctl show -P MainPID harbornode)");
      await eventually("it is back", async () => {
        const [restarts, state] = await show(machine, "NRestarts", "ActiveState");
        return Number(restarts) === 1 && state === "active";
      }, PATIENT);
      assert.deepEqual(await pids(machine), before);
      for (const name of ["busy-a", "busy-b", "busy-c"]) await assertNoLineIsLost(machine, name);
    },
    "a daemon that has come to a halt is ended by the watchdog, and started again": async () => {
      await machine.sh("kill -STOP $(systemctl show -P MainPID harbornode)");
      await eventually("it is back", async () => {
        const [restarts, state] = await show(machine, "NRestarts", "ActiveState");
        return Number(restarts) === 2 && state === "active";
      }, PATIENT);
      assert.match(await machine.sh("journalctl -b -u harbornode -o cat"), /Watchdog timeout/);
      assert.deepEqual(await pids(machine), before);
      [mainPid] = await show(machine, "MainPID") as [string];
    },
    "a reload takes over good settings, leaves bad ones, and touches nobody": async () => {
      const edit = (text: string) => machine.sh(`sed -i '1i ${text}' /etc/harbornode/config.toml`);
      await edit("listen_prot = 1");
      const bad = await machine.sh("systemctl reload harbornode 2>&1; echo $?; systemctl is-active harbornode");
      assert.match(bad, /Job for harbornode.service failed[^]*\n1\nactive\n$/);
      assert.match(await machine.sh("journalctl -b -u harbornode -o cat"), /config\.toml:1:1: listen_prot: /);
      await machine.sh("sed -i 1d /etc/harbornode/config.toml");
      await edit('labels = { room = "hall" }');
      await machine.sh("systemctl reload harbornode");
      assert.deepEqual((await snapshot(machine)).device.labels, { room: "hall" });
      assert.deepEqual(await show(machine, "ActiveState", "SubState", "MainPID"), ["active", "running", mainPid]);
      assert.deepEqual(await pids(machine), before);
    },
    "a machine that goes down stops them in order, and one that is back without network starts them all": async () => {
      // The repository is nowhere: what runs after the boot is from disk.
      await machine.sh("mv /srv/fleet /srv/away; sync");
      await machine.reboot();
      const { workloads, source } = await allAreBack(machine, { job: "running" });
      assert.equal(source.last_sync_at, null);
      assert.deepEqual(
        workloads.filter((workload) => workload.sync !== "synced" || workload.instances[0]!.restarts > 0),
        [],
      );
      const stamps = await machine.sh(
        "cat /etc/harbornode/data/services/web/stopped; cat /etc/harbornode/data/services/db/stopped",
      );
      const [web, db] = stamps.trim().split("\n").map((line) => line.split(" "));
      assert.equal(stamps.trim().split("\n").length, 2);
      assert.deepEqual([web![0], db![0]], ["TERM", "INT"]);
      assert.ok(BigInt(web![1]!) < BigInt(db![1]!), "db was stopped before web, which needs it");
      const job = workloads.find((workload) => workload.name === "once")!;
      assert.deepEqual(job.runs.map((run) => run.outcome), ["stopped", "running"]);
      const journal = await machine.sh("journalctl -b -1 -u harbornode -o cat | tail -n 20");
      assert.match(journal, /the machine goes down/);
      assert.doesNotMatch(journal, /Killing process|timed out|Failed with result/);
    },
    "a machine whose power fails starts them all from disk, too": async () => {
      await machine.reboot("power-failure");
      const { source, workloads } = await allAreBack(machine, { job: "failed" });
      assert.equal(source.last_sync_at, null);
      // Nobody can know how far it came, so that nobody but its owner may run it again.
      assert.equal(workloads.find((workload) => workload.name === "once")!.message, "the last run was cut short");
      // Those that would have noted that somebody stopped them.
      const counts =
        "wc -l </etc/harbornode/data/services/web/stopped; wc -l </etc/harbornode/data/services/db/stopped";
      assert.equal(await machine.sh(counts), "1\n1\n");
    },
    "what was said to go down is down, and no failure": async () => {
      assert.match(await machine.sh("harbornode down"), /^stopped /);
      const state = "systemctl is-active harbornode; systemctl is-failed harbornode; pgrep -c sleep; true";
      await eventually("it is down", async () => await machine.sh(state) === "inactive\ninactive\n0\n", PATIENT);
    },
  });
});
