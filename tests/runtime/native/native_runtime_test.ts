/** What is special about processes: trees, identities, ports, users, logs. Real ones, real signals. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { Failure } from "../../../src/failure.ts";
import { isAlive as isThatAlive, signal, statOf } from "../../../src/os/pidfd.ts";
import { readRecords } from "../../../src/runtime/native/instance_record.ts";
import { freePort } from "../../support/demo_daemon.ts";
import { eventually } from "../../support/eventually.ts";
import { testNeeding } from "../../support/prerequisite.ts";
import { first, instances, start } from "../conformance.ts";
import { nativeDevice, nativeWorkload } from "./native_device.ts";

const shell = (script: string, fields: Parameters<typeof nativeWorkload>[0] | object = {}) =>
  nativeWorkload({ command: ["/bin/sh", "-c", script], ...fields });

/** A process that has ended and whose parent has not asked yet runs no more. */
const isRunning = (pid: number) =>
  Deno.readTextFile(`/proc/${pid}/stat`).then((stat) => !/\) [ZX] /.test(stat), () => false);
const isAlive = (pid: number) => Deno.stat(`/proc/${pid}`).then(() => true, () => false);

async function isReason(promise: Promise<unknown>, reason: string, text: RegExp): Promise<void> {
  await assert.rejects(promise, (error) => {
    assert.ok(error instanceof Failure, String(error));
    assert.equal(error.reason, reason);
    assert.match(error.message, text);
    return true;
  });
}

async function pidFrom(path: string): Promise<number> {
  return await eventually(`a pid in ${path}`, async () => {
    const text = await Deno.readTextFile(path);
    return /^\d+\n$/.test(text) && Number(text);
  });
}

Deno.test("native kills with a service what it forked, and what left its session and its parent", async () => {
  await using device = await nativeDevice();
  const script = `sleep 1000 & echo $! >${device.root}/child
    setsid sh -c 'echo $$ >${device.root}/away; exec sleep 1000' &
    (setsid sh -c 'echo $$ >${device.root}/orphan; exec sleep 1000' &)
    exec sleep 1000`;
  const one = await start(device.runtime, shell(script));
  const pids = await Promise.all(["child", "away", "orphan"].map((name) => pidFrom(join(device.root, name))));
  await device.runtime.stop(one, { signal: "SIGTERM", timeoutMs: 5000 });
  for (const pid of pids) await eventually(`process ${pid} is gone`, async () => !await isAlive(pid));
});

Deno.test("native has killed all of a service, and removed its cgroup, when its stop returns", async () => {
  await using device = await nativeDevice();
  // Several, since the kernel is often quick enough not to be waited for.
  for (let slot = 0; slot < 10; slot++) {
    const script = `for n in 1 2 3 4 5 6; do sleep 1000 & echo $! >>${device.root}/pids.${slot}; done; exec sleep 1000`;
    const request = {
      workload: shell(script),
      slot,
      fingerprint: "f",
      filesDir: null,
      assignedPorts: [],
      previous: null,
    };
    const one = await device.runtime.start(request);
    const pids = await eventually("all of them run", async () => {
      const found = (await Deno.readTextFile(join(device.root, `pids.${slot}`))).trim().split("\n").map(Number);
      return found.length === 6 && found;
    });
    const { cgroup } = (await readRecords(device.runDir)).find((found) => found.record.id === one.id)!.record;
    await device.runtime.stop(one, { signal: "SIGTERM", timeoutMs: 5000 });
    for (const pid of pids) assert.ok(!await isRunning(pid), `process ${pid} of slot ${slot} lives on`);
    if (cgroup !== null) await assert.rejects(Deno.stat(cgroup), Deno.errors.NotFound);
  }
});

Deno.test("native cleans up what a service left behind when it ended by itself", async () => {
  await using device = await nativeDevice();
  await start(
    device.runtime,
    shell(`setsid sh -c 'echo $$ >${device.root}/left; exec sleep 1000' &
      while [ ! -s ${device.root}/left ]; do sleep 0.02; done; exit 0`),
  );
  const left = await pidFrom(join(device.root, "left"));
  await eventually("the service has ended", () => first(device.runtime, (instance) => instance.state === "exited"));
  await eventually("what it left is gone", async () => !await isAlive(left));
});

Deno.test("native says which program is missing or not executable, before anything is started", async () => {
  await using device = await nativeDevice();
  await Deno.writeTextFile(join(device.root, "plain.txt"), "x");
  const bad = (command: string) => start(device.runtime, nativeWorkload({ command: [command] }));
  await isReason(bad("/no/such/program"), "command_not_found", /there is no program "\/no\/such\/program"/);
  await isReason(bad("no-such-program"), "command_not_found", /there is no program "no-such-program"/);
  await isReason(bad(join(device.root, "plain.txt")), "command_not_found", /is not executable/);
  assert.deepEqual(await instances(device.runtime), []);
});

Deno.test("native names who holds the port that a service wants", async () => {
  await using device = await nativeDevice();
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  const ports = [{ name: null, hostAddress: "0.0.0.0", host: port, container: port, protocol: "tcp" as const }];
  const wants = start(device.runtime, shell("exec sleep 1000", { ports }));
  await isReason(wants, "port_conflict", new RegExp(`port ${port}/tcp is taken by ".+" \\(pid ${Deno.pid}\\)`));
});

Deno.test("native starts no second instance of a slot that runs", async () => {
  await using device = await nativeDevice();
  await start(device.runtime, shell("exec sleep 1000"));
  await isReason(
    start(device.runtime, shell("exec sleep 1000")),
    "internal_error",
    /web\[0\] already runs \(pid \d+\)/,
  );
});

Deno.test("native does not signal a process that only has the pid of one of ours", async () => {
  await using device = await nativeDevice();
  const one = await start(device.runtime, shell("exec sleep 1000"));
  const { pid, startTime } = (await statOf(one.pid!))!;
  const earlier = { pid, startTime: String(Number(startTime) - 1) };
  assert.equal(await isThatAlive(earlier), false);
  assert.equal(await signal(earlier, "SIGKILL"), false);
  assert.ok(await isAlive(pid), "the other process was signalled");
});

Deno.test("native believes no notes that name a process of somebody else", async () => {
  await using device = await nativeDevice();
  const one = await start(device.runtime, shell("exec sleep 1000"));
  const stranger = new Deno.Command("sleep", { args: ["1000"] }).spawn();
  const line = await Deno.readTextFile(`/proc/${stranger.pid}/stat`);
  await Deno.writeTextFile(join(device.runDir, "web/0", one.id, "notes"), `end 1 1.00\nstart ${line}`, {
    append: true,
  });
  const next = await device.reopen();
  const [found] = await instances(next);
  await next.stop(found!, { signal: "SIGKILL", timeoutMs: 5000 });
  assert.ok(await isAlive(stranger.pid), "a stranger was killed");
  stranger.kill("SIGKILL");
  await stranger.status;
});

Deno.test("native forgets records of an earlier boot, and those that cannot be read", async () => {
  await using device = await nativeDevice();
  const directory = join(device.runDir, "web/0/web-0-old");
  await Deno.mkdir(directory, { recursive: true });
  const record = {
    version: 1,
    id: "web-0-old",
    workload: "web",
    slot: 0,
    fingerprint: "f",
    bootId: "another",
    startedAt: 1,
    ports: [],
    cgroup: null,
  };
  await Deno.writeTextFile(join(directory, "record.json"), JSON.stringify(record));
  await Deno.mkdir(join(device.runDir, "web/1/web-1-torn"), { recursive: true });
  await Deno.writeTextFile(join(device.runDir, "web/1/web-1-torn/record.json"), '{"version":1,"id":"we');
  const next = await device.reopen();
  assert.deepEqual(await instances(next), []);
  await assert.rejects(Deno.stat(directory), Deno.errors.NotFound);
});

Deno.test("native removes the folders that a daemon left behind when it was killed while it forgot an instance", async () => {
  await using device = await nativeDevice();
  // The record is removed first, then its slot's folder, then the workload's.
  await Deno.mkdir(join(device.runDir, "web/0"), { recursive: true });
  await Deno.mkdir(join(device.runDir, "worker"));
  await device.reopen();
  assert.deepEqual(await Array.fromAsync(Deno.readDir(device.runDir)), []);
});

Deno.test("native goes on watching a service whose shim was killed", async () => {
  await using device = await nativeDevice();
  const one = await start(device.runtime, shell("exec sleep 1000"));
  const shim = Number.parseInt(await Deno.readTextFile(join(device.runDir, "web/0", one.id, "shim")));
  Deno.kill(shim, "SIGKILL");
  await eventually("the shim is gone", async () => !await isAlive(shim));
  assert.equal((await instances(device.runtime))[0]?.state, "running");
  assert.ok(await isAlive(one.pid!));
  Deno.kill(one.pid!, "SIGKILL");
  const ended = await eventually("the end is seen", () => first(device.runtime, (each) => each.state === "exited"));
  assert.equal(ended.exitCode, null);
});

Deno.test("native gives a service its ports and a folder to write to, and keeps that folder", async () => {
  await using device = await nativeDevice();
  const number = await freePort();
  const port = {
    name: "http-admin",
    hostAddress: "0.0.0.0",
    host: number,
    container: number,
    protocol: "tcp" as const,
  };
  const workload = shell('echo "$PORT $PORT_HTTP_ADMIN" >"$STATE_DIRECTORY/ports"', { ports: [port] });
  const one = await start(device.runtime, workload);
  const file = join(device.root, "services/web/ports");
  const text = await eventually(
    "it has written",
    async () => (await Deno.readTextFile(file)).endsWith("\n") && await Deno.readTextFile(file),
  );
  assert.equal(text, `${number} ${number}\n`);
  await device.runtime.stop(one, { signal: "SIGTERM", timeoutMs: 5000 });
  await device.runtime.remove(one);
  assert.ok(await Deno.stat(file));
});

await testNeeding(["root"], "native runs a service as its user, without a way back", async () => {
  await using device = await nativeDevice();
  const one = await start(device.runtime, shell("exec sleep 1000", { user: "nobody" }));
  const status = await eventually("it is nobody", async () => {
    const text = await Deno.readTextFile(`/proc/${one.pid}/status`);
    return /^Uid:\s+65534\s/m.test(text) && text;
  });
  assert.match(status, /^NoNewPrivs:\s+1$/m);
  await isReason(
    start(device.runtime, shell("exit 0", { user: "no-such-user", name: "other" })),
    "user_unknown",
    /"no-such-user"/,
  );
});

Deno.test("native says on a service that its log was removed, and no longer after a restart", async () => {
  await using device = await nativeDevice();
  const workload = shell("exec sleep 1000");
  const one = await start(device.runtime, workload);
  const log = join(device.root, "logs/web/0.log");
  const warnings = async () => (await instances(device.runtime))[0]?.warnings;
  await eventually("it was looked at", () => Deno.stat(join(device.runDir, "web/0.log.index")));
  assert.deepEqual(await warnings(), []);
  await Deno.remove(log);
  const [warning] = await eventually("it is said", async () => (await warnings())?.length === 1 && await warnings()) ??
    [];
  assert.equal(warning!.reason, "log_lost");
  assert.match(warning!.message, /^the log of web\[0\] was removed or replaced/);
  await device.runtime.stop(one, { signal: "SIGTERM", timeoutMs: 5000 });
  await start(device.runtime, workload, { previous: one });
  await eventually("it is over", async () => (await warnings())?.length === 0);
});

// The C library stays loaded for the life of the process.
await testNeeding([], "native takes over another bound of a log while the service runs", async () => {
  await using device = await nativeDevice();
  const workload = shell("i=0; while [ $i -lt 5000 ]; do echo line $i; i=$((i+1)); done; exec sleep 1000");
  await start(device.runtime, workload);
  const log = join(device.root, "logs/web/0.log");
  await eventually("all is written", async () => (await Deno.readTextFile(log)).endsWith("line 4999\n"));
  device.runtime.configure({ ...workload, logs: { maxBytes: 30_000, maxFiles: 1 } });
  await eventually("it was cut", async () => await Deno.stat(`${log}.1.gz`) && (await Deno.stat(log)).size < 30_000);
  const lines = await Array.fromAsync(device.runtime.logs("web", { tail: null, follow: false }));
  assert.deepEqual(lines.map((line) => line.text), Array.from({ length: 5000 }, (_, index) => `line ${index}`));
}, { sanitizeResources: false });
