/** Records of instances on a file system that is full: what starts says so, what runs can be stopped and looked at. */
import assert from "node:assert/strict";
import { asFailure } from "../../../src/failure.ts";
import { testNeeding } from "../../support/prerequisite.ts";
import { smallDisk } from "../../support/small_disk.ts";
import { nativeDevice, nativeWorkload } from "./native_device.ts";

const SLEEP = { command: ["/bin/sleep", "1000"] };

function request(name: string) {
  const workload = nativeWorkload({ name, ...SLEEP });
  return { workload, slot: 0, fingerprint: "f", filesDir: null, assignedPorts: [], previous: null };
}

await testNeeding(["root"], "a full run folder keeps a start back with a sentence, and nothing that runs", async () => {
  await using device = await nativeDevice();
  await using disk = await smallDisk(device.runDir, { megabytes: 1 });
  const { runtime } = device;
  const web = await runtime.start(request("web"));
  await disk.fill();
  await disk.useInodes();
  const error = asFailure(await runtime.start(request("other")).catch((error) => error));
  assert.deepEqual([error.kind, error.reason], ["waiting", "disk_full"]);
  assert.match(error.message, /^cannot write ".*\/run\/other.*": the disk is full$/);
  const seen = await runtime.observe();
  assert.ok(seen.ok);
  assert.equal(seen.instances.find((instance) => instance.id === web.id)?.state, "running");
  // Its grant cannot be taken back, and it is stopped all the same.
  await runtime.stop(web, { signal: "SIGTERM", timeoutMs: 5000 });
  const after = await runtime.observe();
  assert.ok(after.ok);
  assert.equal(after.instances.find((instance) => instance.id === web.id)?.state, "exited");

  await disk.free();
  const other = await runtime.start(request("other"));
  assert.equal(other.state, "running");
  await runtime.stop(other, { signal: "SIGTERM", timeoutMs: 5000 });
  await runtime.remove(other);
  await runtime.remove(web);
}, { sanitizeResources: false });

await testNeeding(
  ["root"],
  "a daemon adopts from a run folder that is read-only, and stops what it adopted",
  async () => {
    await using device = await nativeDevice();
    await using disk = await smallDisk(device.runDir, { megabytes: 1 });
    const web = await device.runtime.start(request("web"));
    await device.leave();
    // A record of an earlier boot, which nobody can remove.
    await Deno.mkdir(`${device.runDir}/old/0/old-0-1`, { recursive: true });
    await Deno.writeTextFile(`${device.runDir}/old/0/old-0-1/record.json`, "torn");
    await disk.readOnly();
    const next = await device.reopen();
    const seen = await next.observe();
    assert.ok(seen.ok);
    assert.deepEqual(seen.instances.map(({ id, state, pid }) => [id, state, pid]), [[web.id, "running", web.pid]]);
    await next.stop(web, { signal: "SIGTERM", timeoutMs: 5000 });
    const after = await next.observe();
    assert.ok(after.ok);
    assert.equal(after.instances[0]?.state, "exited");
    await disk.writable();
    await next.remove(web);
  },
  { sanitizeResources: false },
);
