/**
 * Programs as Debian packages them, unchanged, as services: with a probe, killed, hung, made to fork, made to fill
 * their log.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import type { WorkloadStatus } from "../../src/model/snapshot.ts";
import { freePort } from "../support/demo_daemon.ts";
import { TestDevice } from "../support/device.ts";
import { eventually } from "../support/eventually.ts";
import { GitRepository } from "../support/git_repository.ts";
import { type Prerequisite, testNeeding } from "../support/prerequisite.ts";
import { REAL_PROGRAMS, type RealProgram } from "../support/real_programs.ts";
import { tempDir } from "../support/temp.ts";

for (const program of REAL_PROGRAMS) {
  const needs: Prerequisite[] = ["git", program.needs];
  const { name } = program;

  await testNeeding(
    needs,
    `${name} is a service: healthy within limits, not as root, and again when it was killed`,
    async () => {
      await using run = await deploy(program);
      const before = await run.device.until(name, isHealthy);
      const pid = pidOf(before);
      assert.match(await Deno.readTextFile(`/proc/${pid}/limits`), /^Max open files +4096 +4096 /m);
      const uid = /^Uid:\s+(\d+)/m.exec(await Deno.readTextFile(`/proc/${pid}/status`))?.[1];
      assert.notEqual(uid, "0", "it runs as root");
      const family = await sessionOf(pid);
      Deno.kill(pid, "SIGKILL");
      const after = await run.device.until(name, (workload) => isAgain(workload));
      assert.notEqual(pidOf(after), pid);
      await assertGone(family);
    },
  );

  await testNeeding(needs, `${name} is replaced when it hangs`, async () => {
    await using run = await deploy(program);
    const pid = pidOf(await run.device.until(name, isHealthy));
    const family = await sessionOf(pid);
    for (const one of family) Deno.kill(one, "SIGSTOP");
    const after = await run.device.until(name, (workload) => isAgain(workload));
    assert.notEqual(pidOf(after), pid);
    await assertGone(family);
  });
}

await testNeeding(["git", "redis-server"], "redis that hangs is only shown so when on_failure is alert", async () => {
  await using run = await deploy(programOf("redis"), { onFailure: "alert" });
  const pid = pidOf(await run.device.until("redis", isHealthy));
  Deno.kill(pid, "SIGSTOP");
  const hung = await run.device.until("redis", (workload) => workload.health === "unhealthy");
  assert.equal(hung.phase, "degraded");
  Deno.kill(pid, "SIGCONT");
  const after = await run.device.until("redis", isHealthy);
  assert.equal(pidOf(after), pid);
  assert.equal(after.instances[0]?.restarts, 0);
});

await testNeeding(["git", "nginx"], "workers of nginx end with it when it is switched off", async () => {
  await using run = await deploy(programOf("nginx"));
  const pid = pidOf(await run.device.until("nginx", isHealthy));
  const family = await eventually("a master and two workers are there", async () => {
    const pids = await sessionOf(pid);
    return pids.length >= 3 && pids;
  });
  await run.repository.write("services/nginx/service.toml", `enabled = false\n${run.manifest}`);
  await run.repository.commit("Switch nginx off");
  await run.device.until("nginx", (workload) => workload.phase === "stopped");
  await assertGone(family);
});

await testNeeding(["git", "python3"], "what a CGI script of python forks off ends with the server", async () => {
  await using run = await deploy(programOf("python"));
  const pid = pidOf(await run.device.until("python", isHealthy));
  const answer = await fetch(`http://127.0.0.1:${run.port}/cgi-bin/leave.sh`);
  const stray = Number(await answer.text());
  assert.ok(await isAlive(stray), `a process of its own: ${stray}`);
  await eventually("it leaves the session of the server", async () => !(await sessionOf(pid)).includes(stray));
  Deno.kill(pid, "SIGKILL");
  await run.device.until("python", (workload) => isAgain(workload));
  await assertGone([stray]);
});

await testNeeding(
  ["git", "python3"],
  "python that fills its log leaves a bounded one, with its last line",
  async () => {
    const lines = 600_000;
    // 60 MB, as fast as a card takes it: the bound is looked after once in a second.
    const print = [
      "import time",
      `for n in range(${lines}):`,
      '    print(f"{n:0>99}")',
      "    if n % 6000 == 0: time.sleep(0.05)",
      "time.sleep(3600)",
    ].join("\n");
    const flood: RealProgram = {
      name: "flood",
      needs: "python3",
      files: () => ({ "flood.py": print }),
      manifest: () => ['command = ["/usr/bin/python3", "-u", "flood.py"]'],
      probe: () => 'command = ["/bin/true"]',
    };
    await using run = await deploy(flood);
    await run.device.until("flood", (workload) => workload.phase === "running");
    const last = String(lines - 1).padStart(99, "0");
    await eventually("the last line is in the log", async () => {
      const { out } = await run.device.cli("logs", "flood", "--tail", "1");
      return out.trim() === last ? true : Promise.reject(new Error(out.slice(0, 200)));
    }, { deadlineMs: 300_000, everyMs: 500 });
    const bound = 25 * 1024 * 1024;
    await eventually(`the log is below ${bound} bytes`, async () => {
      const bytes = await diskUse(join(run.device.dataDir, "logs", "flood"));
      return bytes < bound ? true : Promise.reject(new Error(`${bytes} bytes`));
    });
  },
);

/** Far above what any of them needs. */
const LIMITS = ['resources = { memory = "256Mi", pids = 100 }', "limits = { nofile = 4096 }"];

interface Run extends AsyncDisposable {
  device: TestDevice;
  repository: GitRepository;
  port: number;
  manifest: string;
}

function programOf(name: string): RealProgram {
  return REAL_PROGRAMS.find((realProgram) => realProgram.name === name)!;
}

/** A device whose repository holds just this program, on a free port, probed quickly and stopped quickly. */
async function deploy(program: RealProgram, options: { onFailure?: string } = {}): Promise<Run> {
  const dir = await tempDir();
  try {
    // They run as users of their own.
    await Deno.chmod(dir.path, 0o755);
    const { name, files } = program;
    const port = await freePort();
    const repository = await GitRepository.create(join(dir.path, "fleet"));
    for (const [path, content] of Object.entries(files(port))) {
      await repository.write(`services/${name}/${path}`, content, { executable: content.startsWith("#!") });
    }
    const onFailure = options.onFailure ?? "restart";
    const timing = `interval = "100ms", timeout = "1s", retries = 3, start_period = "30s", on_failure = "${onFailure}"`;
    const health = `health = { ${program.probe(port)}, ${timing} }`;
    const manifest = [...program.manifest(port), 'stop_timeout = "1s"', health, ...LIMITS, ""].join("\n");
    await repository.write(`services/${name}/service.toml`, manifest);
    await repository.commit(`Run ${name}`);
    const device = await TestDevice.start({ root: dir.path, repository: repository.dir });
    const dispose = async () => {
      await device[Symbol.asyncDispose]();
      await dir[Symbol.asyncDispose]();
    };
    return { device, repository, port, manifest, [Symbol.asyncDispose]: dispose };
  } catch (error) {
    await dir[Symbol.asyncDispose]();
    throw error;
  }
}

function isHealthy(workload: WorkloadStatus): boolean {
  return workload.phase === "running" && workload.health === "healthy" && workload.sync === "synced" &&
    workload.probes.length > 0;
}

/** Replaced at least once: where the machine is busy, a probe may have run out of time as well. */
function isAgain(workload: WorkloadStatus): boolean {
  return isHealthy(workload) && workload.instances[0]!.restarts >= 1;
}

function pidOf(status: WorkloadStatus): number {
  return status.instances[0]!.pid!;
}

/** The process and all of its session. */
async function sessionOf(leader: number): Promise<number[]> {
  const pids: number[] = [];
  for await (const entry of Deno.readDir("/proc")) {
    if (!/^\d+$/.test(entry.name)) continue;
    const stat = await Deno.readTextFile(`/proc/${entry.name}/stat`).catch(() => "");
    const session = stat.slice(stat.lastIndexOf(")") + 2).split(" ")[3];
    if (session === String(leader)) pids.push(Number(entry.name));
  }
  return pids;
}

async function isAlive(pid: number): Promise<boolean> {
  const stat = await Deno.readTextFile(`/proc/${pid}/stat`).catch(() => "");
  return stat !== "" && !/\) [ZX] /.test(stat);
}

async function assertGone(pids: readonly number[]): Promise<void> {
  const left = await Promise.all(pids.map(async (pid) => await isAlive(pid) ? [pid] : []));
  assert.deepEqual(left.flat(), [], "processes of an ended instance live on");
}

/** What the files take on the disk: a hole takes nothing. */
async function diskUse(directory: string): Promise<number> {
  let bytes = 0;
  for await (const entry of Deno.readDir(directory)) {
    bytes += ((await Deno.stat(join(directory, entry.name))).blocks ?? 0) * 512;
  }
  return bytes;
}
