/** Processes whose environment, as /proc shows it, is a mapping of many GiB: nobody reads it whole. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { isAlive, statOf } from "../../../src/os/pidfd.ts";
import { isAnyMarked, killTree, members } from "../../../src/runtime/native/process/kill_tree.ts";
import { eventually } from "../../support/eventually.ts";
import { testNeeding } from "../../support/prerequisite.ts";
import { tempDir } from "../../support/temp.ts";
import { instances, start } from "../conformance.ts";
import { nativeDevice, nativeWorkload } from "./native_device.ts";

const MIB = 1024 * 1024;

/** PR_SET_MM_MAP (prctl(2)), which needs no capability. Writes "ready" when it is done; keeps its marker at the begin. */
const GIANT = `import ctypes, mmap, os, signal, struct, sys
GIB = 2 << 30
libc = ctypes.CDLL(None, use_errno=True)
libc.mmap.restype = ctypes.c_void_p
libc.sbrk.restype = ctypes.c_void_p
libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t] + [ctypes.c_int] * 3 + [ctypes.c_long]
at = libc.mmap(None, GIB, 3, 0x4022, -1, 0)
text = ("HARBORNODE_INSTANCE=" + os.environ.get("HARBORNODE_INSTANCE", "")).encode() + bytes(1)
if sys.argv[2:] != ["bare"]: ctypes.memmove(at, text, len(text))
x = open("/proc/self/stat").read().rsplit(")", 1)[1].split()
f = lambda n: int(x[n - 3])
m = struct.pack("12QIi", f(26), f(27), f(45), f(46), f(47), libc.sbrk(0), f(28), f(48), f(49), at, at + GIB - 4096, 0, 0, -1)
buffer = ctypes.create_string_buffer(m)
if libc.prctl(35, 14, buffer, len(m), 0) != 0: raise OSError(ctypes.get_errno(), "prctl")
open(sys.argv[1] + ".new", "w").write("ready")
os.rename(sys.argv[1] + ".new", sys.argv[1])
signal.pause()
`;

/** By how much the memory of this process was larger than before at its largest, meanwhile. */
async function peak(work: () => Promise<unknown>): Promise<number> {
  await Deno.writeTextFile("/proc/self/clear_refs", "5");
  const largest = async () =>
    Number(/^VmHWM:\s+(\d+) kB$/m.exec(await Deno.readTextFile("/proc/self/status"))![1]) * 1024;
  const before = await largest();
  await work();
  return await largest() - before;
}

/** A service with such an environment, once it has it. */
async function giant(root: string, ...more: string[]): Promise<string[]> {
  await Deno.writeTextFile(join(root, "giant.py"), GIANT);
  return ["/usr/bin/python3", join(root, "giant.py"), join(root, "ready"), ...more];
}

const ready = (root: string) => eventually("it has a giant environment", () => Deno.stat(join(root, "ready")));

await testNeeding(
  ["python3", "root"],
  "a probe of an adopted service with a giant environment fails, and says why",
  async () => {
    await using device = await nativeDevice();
    const workload = nativeWorkload({ command: await giant(device.root) });
    await start(device.runtime, workload);
    await ready(device.root);
    await device.leave();
    const next = await device.reopen();
    const [one] = await instances(next);
    const signal = AbortSignal.timeout(60_000);
    const bytes = await peak(async () => {
      const { exitCode, output } = await next.execute(one!, workload, ["/bin/true"], signal);
      assert.equal(exitCode, 1);
      assert.match(output, /^the environment of the service cannot be read: it is too large/);
    });
    assert.ok(bytes < 100 * MIB, `${bytes / MIB} MiB`);
  },
);

await testNeeding(
  ["python3"],
  "a probe of a service that this daemon started needs no environment of /proc",
  async () => {
    await using device = await nativeDevice();
    const workload = nativeWorkload({ command: await giant(device.root), env: { COLOR: "blue" } });
    const one = await start(device.runtime, workload);
    await ready(device.root);
    const command = ["/bin/sh", "-c", "echo $COLOR"];
    const { output } = await device.runtime.execute(one, workload, command, AbortSignal.timeout(60_000));
    assert.equal(output, "blue");
  },
);

await testNeeding(
  ["python3", "root"],
  "a service with a giant environment is adopted without its shim, by its cgroup",
  async () => {
    await using device = await nativeDevice();
    const workload = nativeWorkload({ command: await giant(device.root, "bare") });
    const one = await start(device.runtime, workload);
    await ready(device.root);
    const shim = Number.parseInt(await Deno.readTextFile(join(device.runDir, "web/0", one.id, "shim")));
    Deno.kill(shim, "SIGKILL");
    await eventually("the shim is gone", async () => (await statOf(shim)) === null);
    await device.leave();
    const bytes = await peak(async () => {
      const next = await device.reopen();
      const [found] = await instances(next);
      assert.deepEqual([found?.pid, found?.state], [one.pid, "running"]);
    });
    assert.ok(bytes < 100 * MIB, `${bytes / MIB} MiB`);
  },
);

await testNeeding(
  ["python3"],
  "a stranger with a giant environment is passed over where the marker has to be looked for",
  async () => {
    await using dir = await tempDir();
    const [program, ...args] = await giant(dir.path);
    const stranger = new Deno.Command(program!, { args, env: { HARBORNODE_INSTANCE: "another" } }).spawn();
    // Without a cgroup, as on a device of version 1.
    const own = new Deno.Command("/bin/sleep", { args: ["1000"], env: { HARBORNODE_INSTANCE: "web-0-x" } }).spawn();
    await ready(dir.path);
    const service = (await statOf(own.pid))!;
    const tree = { id: "web-0-x", service: null, shim: null, cgroup: null };
    const bytes = await peak(async () => {
      assert.deepEqual((await members(tree)).map(({ pid }) => pid), [own.pid]);
      assert.equal(await isAnyMarked("web-0-x"), true);
      assert.equal(await isAnyMarked("web-0-y"), false);
      await killTree(tree);
    });
    await own.status;
    assert.ok(bytes < 100 * MIB, `${bytes / MIB} MiB`);
    assert.equal(await isAlive(service), false);
    stranger.kill("SIGKILL");
    await stranger.status;
  },
);
