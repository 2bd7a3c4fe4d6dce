/** A device whose disk is full, out of inodes or read-only: it controls its workloads, says so, and saves what it owes. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { ArtifactServer } from "../runtime/native/artifact/artifact_server.ts";
import { TestDevice } from "../support/device.ts";
import { eventually } from "../support/eventually.ts";
import { GitRepository } from "../support/git_repository.ts";
import type { WorkloadStatus } from "../../src/model/snapshot.ts";
import { testNeeding } from "../support/prerequisite.ts";
import { shell, SLEEP } from "../support/repo_backed_device.ts";
import { type SmallDisk, smallDisk } from "../support/small_disk.ts";
import { tempDir } from "../support/temp.ts";

const NEEDS = ["git", "root"] as const;
const UNSAVED = /^state cannot be saved since \d{4}-\d\d-\d\dT[\d:.]+Z: /;

interface Given extends AsyncDisposable {
  device: TestDevice;
  disk: SmallDisk;
  repository: GitRepository;
  /** Lines that the job "each" has written, on another disk than data_dir. */
  runs(): Promise<number>;
}

/** A device with the service "web" and the job "each", whose data_dir is a disk of its own. */
async function givenDevice(
  { files = {}, kind = "tmpfs" }: { files?: Record<string, string>; kind?: "tmpfs" | "ext4" } = {},
): Promise<Given> {
  const dir = await tempDir();
  const disk = await smallDisk(join(dir.path, "data"), { kind, megabytes: kind === "ext4" ? 32 : 8 });
  const journal = join(dir.path, "journal");
  const repository = await GitRepository.create(join(dir.path, "fleet"));
  await repository.write("services/web.toml", SLEEP);
  await repository.write("services/each.toml", `${shell(`echo run >>${journal}`)}schedule = "* * * * * *"\n`);
  for (const [name, text] of Object.entries(files)) await repository.write(`services/${name}`, text);
  await repository.commit("Begin");
  const device = await TestDevice.start({
    root: dir.path,
    repository: repository.dir,
    extra: ["[runtime]", "docker_enabled = false", "[limits]", 'disk_reserve = "4Ki"'],
  });
  return {
    device,
    disk,
    repository,
    runs: async () => (await Deno.readTextFile(journal).catch(() => "")).split("\n").length - 1,
    async [Symbol.asyncDispose]() {
      await disk.writable();
      await disk.free().catch(() => {});
      await device[Symbol.asyncDispose]();
      await disk[Symbol.asyncDispose]();
      await dir[Symbol.asyncDispose]();
    },
  };
}

/** Kills a service with its shim, which would start it again by itself. One that has ended meanwhile is left alone. */
async function killWhole(pid: number): Promise<void> {
  // The fourth field of proc_pid_stat(5), after a name that may hold anything.
  const stat = await Deno.readTextFile(`/proc/${pid}/stat`).catch(() => null);
  if (stat === null) return;
  for (const one of [Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]), pid]) {
    try {
      Deno.kill(one, "SIGKILL");
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
}

/** Kills the process of "web", and waits for the next one: by the shim alone, or by the daemon where the shim dies too. */
async function killWeb(device: TestDevice, by: "shim" | "daemon"): Promise<void> {
  const before = await device.until(
    "web",
    (workload) => workload.phase === "running" && workload.instances[0]?.pid !== null,
  );
  const pid = before.instances[0]!.pid!;
  if (by === "shim") Deno.kill(pid, "SIGKILL");
  else await killWhole(pid);
  await eventually(`another process than ${pid} runs\n${device.log}`, async () => {
    const web = await device.workload("web");
    const next = web?.instances[0]?.pid;
    return web?.phase === "running" && next !== undefined && next !== null && next !== pid;
  });
  await Deno.stat(`/proc/${(await device.workload("web"))!.instances[0]!.pid}`);
}

async function moreRuns({ runs }: Given): Promise<void> {
  const before = await runs();
  await eventually("the job runs again", async () => await runs() >= before + 2);
}

/**
 * Everywhere, and before anything else. `again` takes what a write has given back that was under way when the disk
 * became full.
 */
async function assertSaid({ device }: Given, why: RegExp, again: () => Promise<void> = async () => {}): Promise<void> {
  const unsaved = await eventually("the status says it", async () => {
    const said = (await device.status())?.device.state_unsaved;
    if (said === null) await again();
    return said;
  });
  assert.match(unsaved.message, UNSAVED);
  assert.match(unsaved.message, why);
  assert.match(unsaved.hint, /^[a-z]+ /);
  const [first] = (await device.cli("status")).out.split("\n");
  assert.match(first!, /^! state cannot be saved since /);
  const page = await (await fetch(`http://127.0.0.1:${device.port}/`)).text();
  const body = page.slice(page.indexOf("<main"));
  const said = body.indexOf("state cannot be saved since");
  assert.ok(said > 0 && said < body.indexOf('class="overall"'), body.slice(0, 2000));
  const doctor = await device.cli("doctor");
  assert.equal(doctor.code, 1);
  assert.match(doctor.out.split("\n").slice(0, 3).join(" "), /problem +state: state cannot be saved since /);
}

/** No promise was rejected with nobody to handle that. */
function assertHandled({ device }: Given): void {
  assert.equal(device.exitCode, null, device.log);
  assert.doesNotMatch(device.log, /Uncaught|unhandled|please report/i);
}

/** Within the poll interval and not after minutes: the deadline is far below the five that a refused sync waits. */
async function untilSaved({ device }: Given): Promise<void> {
  await eventually("the state is saved", async () => (await device.status())?.device.state_unsaved === null);
}

await testNeeding(
  [...NEEDS],
  "on a full disk a crashed service is restarted, jobs run, a download fails with a sentence, and all is saved later",
  async () => {
    await using server = new ArtifactServer();
    const { url, sha256 } = server.put("app", new Uint8Array(2_000_000));
    // The download begins on the full disk, and what follows on it takes a while: the fault that ended the daemon.
    server.faults.push(...Array.from({ length: 3 }, () => ({ type: "status", status: 503 }) as const));
    const artifact = `[artifact]\nurl = "${url}"\nsha256 = "${sha256}"\n`;
    await using given = await givenDevice({ files: { "app.toml": `command = ["./app"]\n${artifact}` } });
    const { device, disk } = given;
    await moreRuns(given);
    await device.until("app", (workload) => workload.reason === "artifact_unreachable");
    const { pid } = (await device.status())!.daemon;
    await disk.fill();

    await killWeb(device, "shim");
    await killWeb(device, "daemon");
    await moreRuns(given);
    const app = await device.until("app", (workload) => workload.reason === "insufficient_disk");
    assert.match(app.message, /^the disk is full, and app is not here whole$|^app needs .* and the disk has /);
    assert.match(app.hint!, /^free some space/);
    await assertSaid(given, /the disk that holds ".*\/data" is full$/, disk.fill);
    assert.equal((await device.status())?.daemon.pid, pid);
    assertHandled(given);

    await disk.free();
    await untilSaved(given);
    const saved = JSON.parse(await Deno.readTextFile(join(device.dataDir, "state/workloads/web.json")));
    assert.equal(saved.value.slots[0].restarts, (await device.workload("web"))!.instances[0]!.restarts);
    assert.ok(saved.value.slots[0].restarts >= 2);
    await device.until("app", (workload) => workload.reason !== "insufficient_disk");
    assert.doesNotMatch((await device.cli("status")).out, /cannot be saved/);
    assertHandled(given);
  },
);

await testNeeding(
  [...NEEDS],
  "without free inodes a crashed service is restarted, jobs run, and all is saved later",
  async () => {
    await using given = await givenDevice();
    await moreRuns(given);
    await given.disk.useInodes();
    await killWeb(given.device, "daemon");
    await moreRuns(given);
    await assertSaid(given, /the disk that holds ".*\/data" has no free inode$/, given.disk.useInodes);
    assertHandled(given);
    await given.disk.free();
    await untilSaved(given);
    assertHandled(given);
  },
);

const TALKER = shell("while :; do echo said $$; sleep 0.2; done");

await testNeeding(
  [...NEEDS],
  "on a read-only disk a daemon starts, adopts what runs, restarts what crashes, keeps logs and the owner's word, and says so",
  async () => {
    await using given = await givenDevice({ files: { "talker.toml": TALKER, "other.toml": SLEEP } });
    const { device, disk, repository } = given;
    await moreRuns(given);
    const [web, talker, other] = await Promise.all(["web", "talker", "other"].map(async (name) => {
      const { instances } = await device.until(
        name,
        (workload) => workload.phase === "running" && workload.sync === "synced",
      );
      return instances[0]!.pid!;
    }));
    await device.killDaemon();
    await disk.readOnly();
    for (const pid of [talker, other]) await killWhole(pid!);
    await device.startDaemon();

    await assertSaid(given, /the disk that holds ".*\/data" is read-only$/);
    assert.equal((await device.until("web", (workload) => workload.phase === "running")).instances[0]!.pid, web);
    const isAnother = (before: number) => (workload: WorkloadStatus) =>
      workload.phase === "running" && ![null, undefined, before].includes(workload.instances[0]?.pid);
    await device.until("other", (workload) => workload.phase === "running");
    assert.ok(isAnother(other!)((await device.workload("other"))!));
    const next = (await device.until("talker", (workload) => workload.phase === "running")).instances[0]!.pid!;
    assert.notEqual(next, talker);
    await killWeb(device, "daemon");
    await moreRuns(given);

    // What it wrote before is on the read-only disk, and what it writes now is not.
    const logs = async () => (await device.cli("logs", "talker")).out.split("\n");
    const before = new Set((await logs()).slice(0, 3));
    assert.equal(before.size, 1);
    await eventually("new lines are read too", async () => (await logs()).some((line) => !before.has(line)));

    await repository.write("services/new.toml", SLEEP);
    await repository.commit("Add one");
    const failing = await eventually("the sync fails", async () => (await device.status())?.source.error);
    assert.equal(failing.reason, "disk_read_only");
    assert.match(failing.message, /^The disk of data_dir is read-only: a new revision of ".*" cannot be written$/);

    const stopped = await device.cli("stop", "other");
    assert.match(stopped.out, /other is stopped.*; a restart of this machine forgets it: state cannot be saved since /);
    await device.until("other", (workload) => workload.phase === "stopped");
    await device.killDaemon();
    await device.startDaemon();
    await device.until("web", (workload) => workload.phase === "running");
    assert.equal((await device.workload("other"))?.phase, "stopped");
    assertHandled(given);

    await disk.writable();
    await untilSaved(given);
    const saved = JSON.parse(await Deno.readTextFile(join(device.dataDir, "state/workloads/other.json")));
    assert.equal(saved.value.hold.action, "stop");
    await device.until("new", (workload) => workload.phase === "running");
    const kept = new Set(await logs());
    assert.equal((await device.cli("restart", "talker")).code, 0);
    await device.until("talker", isAnother(next));
    const file = await Deno.readTextFile(join(device.dataDir, "logs/talker/0.log"));
    for (const line of kept) assert.ok(file.includes(line), `"${line}" is not in the log on the disk`);
    assertHandled(given);
  },
);

await testNeeding(
  [...NEEDS],
  "a disk that the kernel makes read-only stops nothing, and the next boot starts what was applied",
  async () => {
    await using given = await givenDevice({ kind: "ext4" });
    const { device, disk } = given;
    await moreRuns(given);
    await device.until("web", (workload) => workload.phase === "running" && workload.sync === "synced");
    await disk.abort();
    await killWeb(device, "daemon");
    await moreRuns(given);
    await assertSaid(given, /the disk that holds ".*\/data" is read-only$/);
    assertHandled(given);

    // As a power cut leaves it: no process, and nothing in memory.
    const { device: { id }, workloads } = (await device.status())!;
    await device.killDaemon();
    const running = workloads.flatMap((workload) => workload.instances.flatMap((instance) => instance.pid ?? []));
    for (const pid of running) await killWhole(pid);
    await Deno.remove(`/run/harbornode/${id}`, { recursive: true });
    await device.startDaemon();
    await device.until("web", (workload) => workload.phase === "running");
    await moreRuns(given);
    await assertSaid(given, /is read-only$/);
    assertHandled(given);
  },
);

await testNeeding(
  [...NEEDS],
  "a disk that is gone costs no crashed service its restart, no job its run, and the daemon nothing",
  async () => {
    await using given = await givenDevice({ kind: "ext4" });
    const { device, disk } = given;
    await moreRuns(given);
    await device.until("web", (workload) => workload.phase === "running" && workload.sync === "synced");
    const { pid } = (await device.status())!.daemon;
    await disk.vanish();
    await killWeb(device, "shim");
    await killWeb(device, "daemon");
    await moreRuns(given);
    await assertSaid(given, /the disk that holds ".*\/data" does not work \(input\/output error\)$/);
    assert.equal((await device.status())?.daemon.pid, pid);
    assertHandled(given);
  },
);

for (const [state, make] of [["full", "fill"], ["read-only", "readOnly"]] as const) {
  await testNeeding(
    [...NEEDS],
    `a first start on a disk that is ${state} ends with a sentence and a hint`,
    async () => {
      await using dir = await tempDir();
      await using disk = await smallDisk(join(dir.path, "data"));
      await disk[make]();
      const config = join(dir.path, "config.toml");
      await Deno.writeTextFile(config, `data_dir = "data"\nlisten_port = 0\n[repo]\nurl = "${dir.path}/fleet"\n`);
      const command = new Deno.Command(Deno.execPath(), {
        args: ["run", "-A", "--quiet", join(import.meta.dirname!, "../../src/main.ts"), "run", "--config", config],
        stdin: "null",
      });
      const { code, stderr } = await command.output();
      const message = new TextDecoder().decode(stderr);
      assert.equal(code, 1, message);
      const why = new RegExp(
        `^error: data_dir cannot be written: the disk that holds ".*/data" is ${state}\n  hint: [a-z]+ `,
        "m",
      );
      assert.match(message, why);
      assert.doesNotMatch(message, /bug|report/);
    },
  );
}
