/** How instances end: every process of one gets the stop signal, and the time to obey it. */
import assert from "node:assert/strict";
import { join } from "node:path";
import type { Instance } from "../../../src/model/instance.ts";
import { isAlive, type ProcessHandle, statOf } from "../../../src/os/pidfd.ts";
import { isAnyLeft, signalTree } from "../../../src/runtime/native/process/kill_tree.ts";
import { eventually } from "../../support/eventually.ts";
import { testNeeding } from "../../support/prerequisite.ts";
import { first, instances, start } from "../conformance.ts";
import { type NativeDevice, nativeDevice, nativeWorkload } from "./native_device.ts";

const LONG = { signal: "SIGTERM", timeoutMs: 120_000 } as const;
const SHORT = { signal: "SIGTERM", timeoutMs: 300 } as const;

/** Saves when it is asked to end, which takes it a moment, and writes "up" before. */
const app = (root: string, name = "app") =>
  `trap 'sleep 0.3; echo saved >${root}/${name}.saved; exit 0' TERM; echo $$ >${root}/${name}.new
   mv ${root}/${name}.new ${root}/${name}.up; while :; do sleep 0.05; done`;
/** Never obeys. */
const deaf = (root: string, name: string) =>
  `trap '' TERM; echo $$ >${root}/${name}.new; mv ${root}/${name}.new ${root}/${name}.up; while :; do sleep 0.05; done`;

interface Files {
  root: string;
  write(name: string, script: string): Promise<string>;
  /** Who has written that it is up. */
  up(name: string): Promise<ProcessHandle>;
  isSaved(name?: string): Promise<boolean>;
}

function files({ root }: NativeDevice): Files {
  return {
    root,
    async write(name, script) {
      await Deno.writeTextFile(join(root, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
      return join(root, name);
    },
    async up(name) {
      return await eventually(`${name} is up`, async () => {
        const pid = Number(await Deno.readTextFile(join(root, `${name}.up`)));
        const stat = await statOf(pid);
        return stat !== null && { pid, startTime: stat.startTime };
      });
    },
    isSaved: (name = "app") => Deno.stat(join(root, `${name}.saved`)).then(() => true, () => false),
  };
}

const shell = (script: string, fields: Partial<Parameters<typeof nativeWorkload>[0]> = {}) =>
  nativeWorkload({ command: ["/bin/sh", "-c", script], ...fields });

async function ended(device: NativeDevice): Promise<Instance> {
  return await eventually("it has ended", () => first(device.runtime, (instance) => instance.state === "exited"));
}

const WRAPPERS: Record<string, (app: string) => string> = {
  "a start script that does not exec": (app) => `${app}\necho done`,
  "a pipe": (app) => `${app} | cat`,
  "a wrapper that waits": (app) => `${app} & wait`,
  "a wrapper that ends at once": (app) => `trap 'exit 9' TERM; ${app} & wait`,
  "a session of its own": (app) => `setsid ${app} & wait`,
};

for (const [what, wrapped] of Object.entries(WRAPPERS)) {
  Deno.test(`a program behind ${what} gets the stop signal, and the time to save`, async () => {
    await using device = await nativeDevice();
    const { write, up, isSaved } = files(device);
    const program = await write("app", app(device.root));
    const one = await start(device.runtime, shell(wrapped(program)));
    const process = await up("app");
    await device.runtime.stop(one, LONG);
    assert.equal(await isSaved(), true);
    assert.equal(await isAlive(process), false);
    assert.equal((await ended(device)).exitCode, what === "a wrapper that ends at once" ? 9 : 143);
  });
}

Deno.test("the helpers that a stop handler starts do their work", async () => {
  await using device = await nativeDevice();
  const { write, up, isSaved } = files(device);
  const steps = "for n in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do sleep 0.01 || exit 9; done";
  const save = `${steps}; echo "$(date +%s)" | grep -q . || exit 8; echo saved >${device.root}/app.saved; exit 0`;
  // Many more processes keep the daemon busy signalling while the handler works.
  const script = `for n in $(seq 100); do sleep 3600 & done; trap '${save}' TERM
    echo $$ >${device.root}/app.new; mv ${device.root}/app.new ${device.root}/app.up; sleep 3600 & wait $!; exit 7`;
  const one = await start(device.runtime, shell(`exec ${await write("app", script)}`));
  await up("app");
  await device.runtime.stop(one, LONG);
  assert.equal(await isSaved(), true);
  assert.equal((await ended(device)).exitCode, 0);
});

Deno.test("what does not obey is killed at the timeout, and the rest is not waited for", async () => {
  await using device = await nativeDevice();
  const { write, up, isSaved } = files(device);
  const [good, bad] = [await write("app", app(device.root)), await write("bad", deaf(device.root, "bad"))];
  // The main process ends at once.
  const one = await start(device.runtime, shell(`trap 'exit 4' TERM; ${good} & ${bad} & wait`));
  const processes = [await up("app"), await up("bad")];
  await device.runtime.stop(one, { ...SHORT, timeoutMs: 2000 });
  assert.deepEqual(await Promise.all(processes.map(isAlive)), [false, false]);
  assert.deepEqual([await isSaved(), (await ended(device)).exitCode], [true, 4]);
});

Deno.test("each process gets the stop signal once", async () => {
  await using device = await nativeDevice();
  const { write, up, root } = files(device);
  const script = `trap 'echo term >>${root}/count' TERM; echo $$ >${root}/app.new; mv ${root}/app.new ${root}/app.up
    until [ -e ${root}/go ]; do sleep 0.05; done`;
  const program = await write("app", script);
  const one = await start(device.runtime, shell(`trap 'exit 0' TERM; ${program} & wait`));
  await up("app");
  const stopping = device.runtime.stop(one, LONG);
  await eventually("the main process has ended", async () => (await instances(device.runtime))[0]?.pid === null);
  await Deno.writeTextFile(join(root, "go"), "");
  await stopping;
  assert.equal(await Deno.readTextFile(join(root, "count")), "term\n");
});

Deno.test("what a crash leaves behind gets the stop signal and the time of a stop", async () => {
  await using device = await nativeDevice();
  const { write, up, isSaved } = files(device);
  const program = await write("app", app(device.root));
  const script = `${program} & while [ ! -e ${device.root}/app.up ]; do sleep 0.02; done; exit 3`;
  await start(device.runtime, shell(script, { stopTimeoutMs: 120_000 }));
  const process = await up("app");
  assert.equal((await ended(device)).exitCode, 3);
  assert.deepEqual([await isSaved(), await isAlive(process)], [true, false]);
});

Deno.test("what a crash leaves behind and does not obey is killed after the time of a stop", async () => {
  await using device = await nativeDevice();
  const { write, up } = files(device);
  const program = await write("bad", deaf(device.root, "bad"));
  const script = `${program} & while [ ! -e ${device.root}/bad.up ]; do sleep 0.02; done; exit 3`;
  await start(device.runtime, shell(script, { stopTimeoutMs: 300 }));
  const process = await up("bad");
  assert.equal((await ended(device)).exitCode, 3);
  assert.equal(await isAlive(process), false);
});

Deno.test("the next daemon stops an adopted instance as whole, and ends what it finds left behind", async () => {
  await using device = await nativeDevice();
  const { write, up, isSaved, root } = files(device);
  const [one, two] = [await write("app", app(root)), await write("left", app(root, "left"))];
  await start(device.runtime, shell(`${one}; echo done`, { name: "wrapped" }));
  const script = `${two} & while [ ! -e ${root}/crash ]; do sleep 0.02; done; exit 3`;
  const crashing = await start(device.runtime, shell(script, { name: "crashing", stopTimeoutMs: 120_000 }));
  await Promise.all([up("app"), up("left")]);
  const main = { pid: crashing.pid!, startTime: (await statOf(crashing.pid!))!.startTime };
  await device.leave();
  await Deno.writeTextFile(join(root, "crash"), "");
  await eventually("it has crashed", async () => !await isAlive(main));
  const next = await device.reopen();
  const wrapped = (await first(next, ({ workload }) => workload === "wrapped"))!;
  await next.stop(wrapped, LONG);
  const crashed = await eventually("what was left is gone", () => {
    return first(next, ({ workload, state }) => workload === "crashing" && state === "exited");
  });
  assert.equal(crashed.exitCode, 3);
  assert.deepEqual([await isSaved(), await isSaved("left")], [true, true]);
});

Deno.test("a process that is stopped is woken, so that it can obey", async () => {
  await using device = await nativeDevice();
  const { write, up, isSaved } = files(device);
  const one = await start(device.runtime, nativeWorkload({ command: [await write("app", app(device.root))] }));
  const process = await up("app");
  Deno.kill(process.pid, "SIGSTOP");
  await eventually("it is stopped", async () => (await statOf(process.pid))?.state === "T");
  await device.runtime.stop(one, LONG);
  assert.equal(await isSaved(), true);
});

Deno.test("a signal to reload goes to the main process alone", async () => {
  await using device = await nativeDevice();
  const { write, up, root } = files(device);
  const told = (name: string) =>
    `trap 'echo ${name} >>${root}/told' USR1; echo $$ >${root}/${name}.new; mv ${root}/${name}.new ${root}/${name}.up`;
  const child = await write("child", `${told("child")}; while :; do sleep 0.05; done`);
  const main = await write("main", `${child} & ${told("main")}; while :; do sleep 0.05; done`);
  const one = await start(device.runtime, nativeWorkload({ command: [main] }));
  await Promise.all([up("main"), up("child")]);
  await device.runtime.signal(one, "SIGUSR1");
  await eventually("it was told", () => Deno.readTextFile(join(root, "told")));
  await device.runtime.stop(one, LONG);
  assert.equal(await Deno.readTextFile(join(root, "told")), "main\n");
});

Deno.test("without a cgroup the stop signal finds children, other sessions and marked processes, and no shim", async () => {
  await using device = await nativeDevice();
  const { write, up, root, isSaved } = files(device);
  const names = ["child", "session", "orphan"];
  const [child, session, orphan] = await Promise.all(names.map((name) => write(name, app(root, name))));
  const main = await write("main", `${child} & setsid ${session} & (setsid ${orphan} &)\n${app(root, "main")}`);
  const env = { HARBORNODE_INSTANCE: "web-0-tree" };
  const shim = new Deno.Command("/bin/sh", { args: ["-c", `trap : TERM; setsid ${main}; exit 7`], env }).spawn();
  const service = await up("main");
  await Promise.all(names.map(up));
  const identity = (await statOf(shim.pid))!;
  const tree = { id: "web-0-tree", service, shim: identity, cgroup: null };
  await signalTree(tree, "SIGTERM", new Map());
  assert.equal((await shim.status).code, 7);
  await eventually("none is left", async () => !await isAnyLeft(tree));
  assert.deepEqual(await Promise.all(["main", ...names].map(isSaved)), [true, true, true, true]);
});

await testNeeding(["root"], "a service that makes groups below its own is stopped as whole", async () => {
  await using device = await nativeDevice();
  const { write, up, isSaved, root } = files(device);
  const program = await write("app", app(root));
  const script = `group=$(sed -n 's/^0:://p' /proc/$$/cgroup); for mount in /sys/fs/cgroup /sys/fs/cgroup/unified; do
      [ -e $mount$group/cgroup.procs ] && mkdir $mount$group/below && sh -c "echo \\$\\$ >$mount$group/below/cgroup.procs; exec ${program}" & done
    wait; wait`;
  const one = await start(device.runtime, shell(script));
  const process = await up("app");
  assert.match(await Deno.readTextFile(`/proc/${process.pid}/cgroup`), /^0::.*\/below$/m);
  await device.runtime.stop(one, LONG);
  assert.deepEqual([await isSaved(), await isAlive(process)], [true, false]);
});
