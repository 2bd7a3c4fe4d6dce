import assert from "node:assert/strict";
import { join } from "node:path";
import { partedEnvironment } from "../../../../src/runtime/native/confine/loader_variables.ts";
import { eventually } from "../../../support/eventually.ts";
import { testNeeding } from "../../../support/prerequisite.ts";
import { native } from "../../../support/workload.ts";
import { instances, start } from "../../conformance.ts";
import { nativeDevice } from "../native_device.ts";

/** The dynamic loader of glibc writes a file as whoever it works for, where these tell it to. */
function traced(folder: string): Record<string, string> {
  return { LD_DEBUG: "files", LD_DEBUG_OUTPUT: join(folder, "trace") };
}

async function ownersIn(folder: string): Promise<(number | null)[]> {
  const names = await Array.fromAsync(Deno.readDir(folder), (entry) => entry.name);
  return await Promise.all(names.map(async (name) => (await Deno.lstat(join(folder, name))).uid));
}

for (const resources of [{}, { resources: { memoryBytes: 64 * 1024 ** 2, cpus: null, pids: null } }]) {
  const where = "resources" in resources ? "below a shim of root's" : "below a shim of its own";
  await testNeeding(["root"], `what a manifest tells the loader is never told to root, ${where}`, async () => {
    await using device = await nativeDevice();
    const folder = join(device.root, "traces");
    await Deno.mkdir(folder);
    await Deno.chmod(folder, 0o777);
    const workload = native({ name: "web", command: ["/bin/sleep", "1000"], env: traced(folder), ...resources });
    await start(device.runtime, workload);
    await eventually("the program itself has obeyed", async () => (await ownersIn(folder)).length > 0);
    const [one] = await instances(device.runtime);
    const probe = await device.runtime.execute(one!, workload, ["/bin/true"], AbortSignal.timeout(60_000));
    assert.equal(probe.exitCode, 0);
    const owners = await ownersIn(folder);
    assert.ok(owners.every((uid) => uid !== null && uid >= 64_000), `root obeyed too: ${owners}`);
  });
}

Deno.test("all that a loader or a shell obeys comes late, and everything else comes as it is", async () => {
  const plain = { PATH: "/x", LANG: "de", TOKEN: "s3cr3t", LDAP: "1", ENVIRONMENT: "2", PS1: "$" };
  assert.deepEqual(await partedEnvironment(plain), { env: plain, words: [] });
  const obeyed = { LD_PRELOAD: "./x.so", GCONV_PATH: ".", GLIBC_TUNABLES: "a=b", BASH_ENV: "x", ENV: "y", IFS: "/" };
  const { env, words } = await partedEnvironment({ ...plain, ...obeyed });
  assert.deepEqual(env, plain);
  assert.deepEqual(words.slice(1), Object.entries(obeyed).map(([name, value]) => `${name}=${value}`));
});
