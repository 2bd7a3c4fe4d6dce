/** The shim as a command line of real programs: who sees which environment, before and after a start by itself. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { type ShimRequest, spawnShim } from "../../../src/runtime/native/shim.ts";
import { plant } from "../../support/planted_secret.ts";
import { tempDir } from "../../support/temp.ts";
import { eventually } from "../../support/eventually.ts";
import { testNeeding } from "../../support/prerequisite.ts";
import { instances, start } from "../conformance.ts";
import { nativeDevice, nativeWorkload } from "./native_device.ts";

const ENV = {
  TOKEN: plant().value,
  LANGUAGE: "../../x",
  LD_PRELOAD: "",
  IFS: "/",
  TEXT: "it's\n",
  PATH: "/usr/bin:/bin",
};

async function run(directory: string, fields: Pick<ShimRequest, "shim" | "chain" | "command">): Promise<number | null> {
  const child = await spawnShim({
    runDir: directory,
    cgroup: null,
    logFile: join(directory, "log"),
    cwd: directory,
    id: "web-0-abc",
    env: ENV,
    oomScoreAdj: 0,
    umask: 0o022,
    owner: null,
    late: [],
    setsid: "/usr/bin/setsid",
    ...fields,
  });
  child.ref();
  return await new Promise((resolve) => child.once("exit", resolve));
}

for (const shim of ["within", "outside"] as const) {
  Deno.test(`no program in front of the service's user sees a variable of the manifest, with a shim ${shim}`, async () => {
    await using dir = await tempDir();
    const [seen, own] = [join(dir.path, "seen"), join(dir.path, "own")];
    // In the place of prlimit(1) and setpriv(1).
    const chain = ["/bin/sh", "-c", 'cat /proc/$$/environ >"$0"; exec "$@"', seen];
    assert.equal(await run(dir.path, { shim, chain, command: ["/bin/sh", "-c", `env -0 >${own}`] }), 0);
    assert.equal(await Deno.readTextFile(seen), "HARBORNODE_INSTANCE=web-0-abc\0");
    const found = new Set((await Deno.readTextFile(own)).split("\0"));
    // A shell sets IFS anew, and a loader variable is for `late`.
    for (const name of ["TOKEN", "LANGUAGE", "TEXT", "PATH"] as const) {
      assert.ok(found.has(`${name}=${ENV[name]}`), name);
    }
    assert.ok(![...found].some((pair) => pair.startsWith("hn_")), "a variable of the shim's own");
  });

  Deno.test(`a service finds an empty standard input, with a shim ${shim}`, async () => {
    await using dir = await tempDir();
    const out = join(dir.path, "out");
    await run(dir.path, {
      shim,
      chain: [],
      command: ["/bin/sh", "-c", `cat >${out}; readlink /proc/self/fd/0 >>${out}`],
    });
    assert.equal(await Deno.readTextFile(out), "/dev/null\n");
  });
}

// By way of a cgroup, which only root can make: without one no shim starts anything again.
await testNeeding(
  ["root"],
  "a start that the shim makes by itself has the whole environment, and no argv has a value of it",
  async () => {
    await using device = await nativeDevice();
    const large = plant().value.repeat(2000);
    const command = [
      "/bin/sh",
      "-c",
      `env -0 >${device.root}/env.$$; mv ${device.root}/env.$$ ${device.root}/$$; exec sleep 1000`,
    ];
    const workload = nativeWorkload({ command, env: { LARGE: large, QUOTED: 'a\'b\n"c"=d', LANGUAGE: "de" } });
    await start(device.runtime, workload);
    const [one] = await instances(device.runtime);
    const read = (pid: number) => eventually("it has written", () => Deno.readTextFile(join(device.root, String(pid))));
    const first = new Set((await read(one!.pid!)).split("\0"));
    for (const pair of [`LARGE=${large}`, 'QUOTED=a\'b\n"c"=d', "LANGUAGE=de"]) {
      assert.ok(
        first.has(pair),
        pair.slice(0, 40),
      );
    }
    await device.runtime.setRestartLease(one!, []);
    Deno.kill(one!.pid!, "SIGKILL");
    const again = await eventually("it runs again", async () => {
      const [now] = await instances(device.runtime);
      return now?.respawns?.length === 1 && now;
    });
    assert.deepEqual(new Set((await read(again.pid!)).split("\0")), first);
    for await (const { name } of Deno.readDir("/proc")) {
      const line = /^\d+$/.test(name) ? await Deno.readTextFile(`/proc/${name}/cmdline`).catch(() => "") : "";
      assert.ok(!line.includes(large.slice(0, 40)), line.slice(0, 200));
    }
  },
);
