/** Secrets of real processes: whose they are, how long they are there, and what is written down. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { fingerprint } from "../../../src/model/fingerprint.ts";
import type { Instance } from "../../../src/model/instance.ts";
import type { NativeWorkload } from "../../../src/model/workload.ts";
import type { Runtime } from "../../../src/runtime/runtime.ts";
import { eventually } from "../../support/eventually.ts";
import { findPlanted, plant, textsBelow } from "../../support/planted_secret.ts";
import { testNeeding } from "../../support/prerequisite.ts";
import { first } from "../conformance.ts";
import { nativeDevice, nativeWorkload } from "./native_device.ts";

const [PASSWORD, KEY] = [plant(), plant()];
const SECRETS = {
  env: { PASSWORD: PASSWORD.value, RAW: "${ports.http} '\n", HARBORNODE_INSTANCE: "another" },
  files: [{ name: "key.pem", content: new TextEncoder().encode(KEY.value) }],
};
const QUICK = { signal: "SIGTERM", timeoutMs: 5000 } as const;

function start(runtime: Runtime, workload: NativeWorkload, previous: Instance | null = null): Promise<Instance> {
  const request = {
    workload,
    slot: 0,
    fingerprint: fingerprint(workload),
    filesDir: null,
    assignedPorts: [],
    previous,
  };
  return runtime.start({ ...request, secrets: SECRETS });
}

const shell = (script: string, fields: Partial<NativeWorkload> = {}) =>
  nativeWorkload({ command: ["/bin/sh", "-c", script], ...fields });
const environment = async ({ pid }: Instance) => (await Deno.readTextFile(`/proc/${pid}/environ`)).split("\0");
const names = async (directory: string) =>
  (await Array.fromAsync(Deno.readDir(directory)).catch(() => [])).map(({ name }) => name);

Deno.test("a process has its secrets as they are, its record has none, and its files go when it ends", async () => {
  await using device = await nativeDevice();
  const directory = join(device.root, "credentials");
  const one = await start(
    device.runtime,
    shell('cat "$CREDENTIALS_DIRECTORY/key.pem" >read; exec sleep 3600', {
      workingDir: device.root,
    }),
  );
  const env = await eventually("it is the program, and has its secret", async () => {
    const found = await environment((await first(device.runtime, ({ pid }) => pid !== null))!);
    return found.includes(`PASSWORD=${PASSWORD.value}`) && found;
  });
  assert.ok(env.includes("RAW=${ports.http} '\n"));
  // By this its processes are found.
  assert.ok(env.includes(`HARBORNODE_INSTANCE=${one.id}`));
  assert.ok(env.includes(`CREDENTIALS_DIRECTORY=${join(directory, one.id)}`));
  await eventually("it has read its file", async () => {
    return await Deno.readTextFile(join(device.root, "read")).catch(() => "") === KEY.value;
  });
  const written = await textsBelow(device.root, [directory, join(device.root, "read")]);
  assert.ok(written.some(([path]) => path.endsWith("record.json")));
  assert.deepEqual(findPlanted([PASSWORD, KEY], written), []);
  const command = await Deno.readTextFile(`/proc/${one.pid}/cmdline`);
  assert.deepEqual(findPlanted([PASSWORD, KEY], [["argv", command]]), []);

  // The next daemon leaves them where they are.
  await device.leave();
  const next = await device.reopen();
  const adopted = (await first(next, ({ state }) => state === "running"))!;
  assert.deepEqual(await names(join(directory, one.id)), ["key.pem"]);
  await next.stop(adopted, QUICK);
  await first(next, ({ state }) => state === "exited");
  assert.deepEqual(await names(directory), []);
});

Deno.test("a probe's command has the environment and the files of the service", async () => {
  await using device = await nativeDevice();
  const workload = shell("exec sleep 3600");
  const one = await start(device.runtime, workload);
  const command = ["/bin/sh", "-c", 'echo "$PASSWORD"; cat "$CREDENTIALS_DIRECTORY/key.pem"'];
  const { output } = await device.runtime.execute(one, workload, command, AbortSignal.timeout(60_000));
  assert.equal(output, `${PASSWORD.value}\n${KEY.value}`);
});

Deno.test("one that cannot be started leaves no file", async () => {
  await using device = await nativeDevice();
  await assert.rejects(() => start(device.runtime, nativeWorkload({ command: ["/nonexistent/program"] })));
  await device.runtime.observe();
  assert.deepEqual(await names(join(device.root, "credentials")), []);
});

await testNeeding(
  ["root"],
  "files are 0400, of a user of its own, and there for starts that it makes by itself",
  async () => {
    await using device = await nativeDevice();
    const reads = join(device.root, "reads");
    await Deno.mkdir(reads, { mode: 0o777 });
    await Deno.chmod(reads, 0o777);
    const script =
      `stat -c '%a %u' "$CREDENTIALS_DIRECTORY" "$CREDENTIALS_DIRECTORY/key.pem" >${reads}/$$; id -u >>${reads}/$$; exec sleep 3600`;
    const one = await start(device.runtime, shell(script, { user: null }));
    await device.runtime.setRestartLease(one, []);
    const read = (pid: number) =>
      eventually("it has read", async () => {
        const text = await Deno.readTextFile(join(reads, String(pid))).catch(() => "");
        return text.split("\n").length === 4 && text;
      });
    const [folder, file, uid] = (await read(one.pid!)).split("\n");
    assert.deepEqual([folder, file], [`500 ${uid}`, `400 ${uid}`]);
    assert.ok(Number(uid) >= 64_000);
    Deno.kill(one.pid!, "SIGKILL");
    const again = await eventually(
      "it runs again",
      () => first(device.runtime, ({ respawns }) => respawns?.length === 1),
    );
    assert.equal(await read(again.pid!), `${folder}\n${file}\n${uid}\n`);
    assert.ok((await environment(again)).includes(`PASSWORD=${PASSWORD.value}`));
  },
);
