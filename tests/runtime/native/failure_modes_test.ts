/** Everything that a program can do wrong, one claim each: what becomes of it, and that nothing of it is left. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { Failure } from "../../../src/failure.ts";
import type { Instance } from "../../../src/model/instance.ts";
import { isAlive, statOf } from "../../../src/os/pidfd.ts";
import { instanceDirectory } from "../../../src/runtime/native/instance_record.ts";
import { eventually } from "../../support/eventually.ts";
import { first, instances, start } from "../conformance.ts";
import { type NativeDevice, nativeDevice, nativeWorkload } from "./native_device.ts";

const shell = (script: string) => nativeWorkload({ command: ["/bin/sh", "-c", script] });
const QUICK = { signal: "SIGTERM", timeoutMs: 300 } as const;

const exists = (pid: number) => statOf(pid).then((stat) => stat !== null && stat.state !== "Z");

async function ended(device: NativeDevice): Promise<Instance> {
  return await eventually("it has ended", () => first(device.runtime, (instance) => instance.state === "exited"));
}

async function pidIn(device: NativeDevice, name: string): Promise<number> {
  return await eventually(`a pid in ${name}`, async () => {
    const text = await Deno.readTextFile(join(device.root, name));
    return /^\d+\n$/.test(text) && Number(text);
  });
}

async function gone(...pids: number[]): Promise<void> {
  for (const pid of pids) await eventually(`process ${pid} is gone`, async () => !await exists(pid));
}

Deno.test("a program that ignores SIGTERM is killed at its timeout, and that is its exit code", async () => {
  await using device = await nativeDevice();
  const one = await start(device.runtime, shell(`trap '' TERM; echo $$ >${device.root}/me; while :; do sleep 1; done`));
  const pid = await pidIn(device, "me");
  await device.runtime.stop(one, QUICK);
  assert.equal((await ended(device)).exitCode, 137);
  await gone(pid);
});

Deno.test("grandchildren end with the program that forked them", async () => {
  await using device = await nativeDevice();
  const grandchild = `sh -c 'sh -c "echo \\$\\$ >${device.root}/grandchild; exec sleep 1000" & wait' &`;
  const one = await start(device.runtime, shell(`${grandchild} wait`));
  const pid = await pidIn(device, "grandchild");
  await device.runtime.stop(one, QUICK);
  await gone(pid);
});

Deno.test("a program that daemonises has ended, and its daemon is not left running unseen", async () => {
  await using device = await nativeDevice();
  const daemon = `(setsid sh -c 'echo $$ >${device.root}/daemon; exec sleep 1000' >/dev/null 2>&1 &)`;
  await start(device.runtime, shell(`${daemon}; while [ ! -s ${device.root}/daemon ]; do sleep 0.01; done; exit 0`));
  const pid = await pidIn(device, "daemon");
  assert.equal((await ended(device)).exitCode, 0);
  await gone(pid);
});

Deno.test("a program that leaves everything that could tell whose it was is found by its cgroup, or its session", async () => {
  await using device = await nativeDevice();
  const bare = `env -i /bin/sh -c 'echo $$ >${device.root}/bare; exec sleep 1000' &`;
  const one = await start(device.runtime, shell(`${bare} wait`));
  const pid = await pidIn(device, "bare");
  await device.runtime.stop(one, QUICK);
  await gone(pid);
});

Deno.test("a program that ends at once with 0 is seen to have ended with 0", async () => {
  await using device = await nativeDevice();
  await start(device.runtime, nativeWorkload({ command: ["/bin/true"] }));
  const one = await ended(device);
  assert.deepEqual([one.exitCode, one.pid], [0, null]);
});

for (const code of [126, 127]) {
  Deno.test(`a program that ends with ${code} is seen to have ended with ${code}`, async () => {
    await using device = await nativeDevice();
    await start(device.runtime, shell(`exit ${code}`));
    assert.equal((await ended(device)).exitCode, code);
  });
}

Deno.test("a file that is no program ends with what the kernel says of it, and its log has the words", async () => {
  await using device = await nativeDevice();
  const path = join(device.root, "not-a-program");
  await Deno.writeTextFile(path, "\x7fELF and nothing else", { mode: 0o755 });
  await start(device.runtime, nativeWorkload({ command: [path] }));
  assert.ok([126, 127].includes((await ended(device)).exitCode!));
  const lines = await Array.fromAsync(device.runtime.logs("web", { tail: 10, follow: false }));
  assert.match(lines.map((line) => line.text).join("\n"), /not-a-program/);
});

Deno.test("a program that floods its output can be stopped, and its last line can be read", async () => {
  await using device = await nativeDevice();
  const one = await start(device.runtime, shell("trap 'echo the end; exit 5' TERM; while :; do echo 0123456789; done"));
  await eventually("a megabyte is written", async () => {
    return (await Deno.stat(join(device.root, "logs/web/0.log"))).size > 1_000_000;
  });
  await device.runtime.stop(one, { ...QUICK, timeoutMs: 60_000 });
  assert.equal((await ended(device)).exitCode, 5);
  const [last] = await Array.fromAsync(device.runtime.logs("web", { tail: 1, follow: false }));
  assert.equal(last?.text, "the end");
});

Deno.test("a program that closes its output goes on, and its exit code is known", async () => {
  await using device = await nativeDevice();
  await start(
    device.runtime,
    shell(`exec >&- 2>&-; echo $$ >${device.root}/me; while [ ! -e ${device.root}/end ]; do sleep 0.02; done; exit 9`),
  );
  await pidIn(device, "me");
  assert.equal((await instances(device.runtime))[0]?.state, "running");
  await Deno.writeTextFile(join(device.root, "end"), "");
  assert.equal((await ended(device)).exitCode, 9);
});

Deno.test("a program that deletes its own file goes on, can be stopped, and is missed at the next start", async () => {
  await using device = await nativeDevice();
  const path = join(device.root, "self");
  await Deno.copyFile("/bin/sleep", path);
  await Deno.chmod(path, 0o755);
  const workload = nativeWorkload({ command: [path, "1000"] });
  const one = await start(device.runtime, workload);
  await Deno.remove(path);
  assert.equal((await instances(device.runtime))[0]?.state, "running");
  await device.runtime.stop(one, { ...QUICK, timeoutMs: 5000 });
  const previous = await ended(device);
  await assert.rejects(start(device.runtime, workload, { previous }), (error) => {
    return error instanceof Failure && error.reason === "command_not_found";
  });
});

Deno.test("a pid that came to mean another process is neither adopted nor signalled", async () => {
  await using device = await nativeDevice();
  const one = await start(device.runtime, shell("exec sleep 1000"));
  const directory = instanceDirectory(device.runDir, { workload: "web", slot: 0, id: one.id });
  const stranger = new Deno.Command("sleep", { args: ["1000"] }).spawn();
  const other = (await statOf(stranger.pid))!;
  // As a daemon finds it when the pids of service and shim were given to others since: right number, wrong start.
  await device.runtime.stop(one, { ...QUICK, timeoutMs: 5000 });
  const line = (await Deno.readTextFile(`/proc/${stranger.pid}/stat`)).replace(` ${other.startTime} `, " 1 ");
  await Deno.writeTextFile(join(directory, "shim"), line);
  await Deno.writeTextFile(join(directory, "notes"), `start ${line}`);
  const next = await device.reopen();
  const [found] = await instances(next);
  assert.deepEqual([found?.state, found?.exitCode], ["exited", null]);
  await next.stop(found!, QUICK);
  assert.ok(await isAlive(other), "a stranger was signalled");
  stranger.kill("SIGKILL");
  await stranger.status;
});

Deno.test("a port that somebody else holds keeps a service from starting, and names who it is", async () => {
  await using device = await nativeDevice();
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  const ports = [{ name: null, hostAddress: "0.0.0.0", host: port, container: port, protocol: "tcp" as const }];
  await assert.rejects(start(device.runtime, nativeWorkload({ command: ["/bin/true"], ports })), (error) => {
    assert.ok(error instanceof Failure);
    assert.equal(error.reason, "port_conflict");
    assert.match(error.message, new RegExp(`^port ${port}/tcp is taken by ".+" \\(pid ${Deno.pid}\\)$`));
    return true;
  });
  assert.deepEqual(await instances(device.runtime), []);
});

Deno.test("a zombie counts as ended: whoever forgets to wait for a service does not keep it", async () => {
  const parent = new Deno.Command("sh", { args: ["-c", "sleep 0 & echo $!; exec sleep 1000"], stdout: "piped" })
    .spawn();
  const reader = parent.stdout.getReader();
  const pid = Number(new TextDecoder().decode((await reader.read()).value));
  const stat = await eventually("it is a zombie", async () => {
    const seen = await statOf(pid);
    return seen?.state === "Z" && seen;
  });
  assert.equal(await isAlive(stat), false);
  parent.kill("SIGKILL");
  await reader.cancel();
  await parent.status;
});

Deno.test("a reboot leaves no record that is taken for a process: all are started anew", async () => {
  await using device = await nativeDevice();
  const one = await start(device.runtime, shell("exec sleep 1000"));
  const path = join(instanceDirectory(device.runDir, { workload: "web", slot: 0, id: one.id }), "record.json");
  await device.runtime.stop(one, { ...QUICK, timeoutMs: 5000 });
  await Deno.writeTextFile(path, JSON.stringify({ ...JSON.parse(await Deno.readTextFile(path)), bootId: "another" }));
  const next = await device.reopen();
  assert.deepEqual(await instances(next), []);
  await start(next, shell("exec sleep 1000"));
  assert.equal((await instances(next)).length, 1);
});
