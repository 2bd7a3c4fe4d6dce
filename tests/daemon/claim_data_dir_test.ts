/** A data_dir that cannot be written: one daemon all the same, and a socket for commands. */
import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { Hono } from "hono";
import { ControlClient } from "../../src/cli/control_client.ts";
import { lockDataDir } from "../../src/daemon/data_dir_lock.ts";
import { claimDataDir } from "../../src/daemon/claim_data_dir.ts";
import { serveControl } from "../../src/daemon/serve_control.ts";
import type { Settings } from "../../src/settings/settings.ts";
import { eventually } from "../support/eventually.ts";
import { testNeeding } from "../support/prerequisite.ts";
import { smallDisk } from "../support/small_disk.ts";
import { tempDir } from "../support/temp.ts";

function settings(dataDir: string): Settings {
  return { dataDir, repo: { intervalMs: 50 } } as Settings;
}

async function given() {
  const dir = await tempDir();
  const disk = await smallDisk(join(dir.path, "data"));
  // As a daemon that ran here before leaves it.
  const first = await claimDataDir(settings(disk.path));
  first[Symbol.dispose]();
  return {
    disk,
    async [Symbol.asyncDispose]() {
      await disk[Symbol.asyncDispose]();
      await dir[Symbol.asyncDispose]();
      await Deno.remove(dirname(first.dir.aside!.socket), { recursive: true }).catch(() => {});
      await Deno.remove(first.dir.run, { recursive: true }).catch(() => {});
    },
  };
}

for (const file of ["with", "without"] as const) {
  await testNeeding(["root"], `a read-only data_dir ${file} a lock has one daemon, and is said at once`, async () => {
    await using here = await given();
    const { disk } = here;
    if (file === "without") await Deno.remove(join(disk.path, "lock"));
    await disk.readOnly();
    using claim = await claimDataDir(settings(disk.path));
    assert.match(claim.disk.unsaved!.message, /^state cannot be saved since .* is read-only$/);
    const second = { name: "Failure", message: /^another daemon.* holds / };
    await assert.rejects(claimDataDir(settings(disk.path)), second);
    // Nor when the disk is back: the folder is locked as well.
    await disk.writable();
    await assert.rejects(lockDataDir(claim.dir.lock), second);
    await eventually("it is saved", () => claim.disk.unsaved === null);
    await claim.disk.close();
  }, { sanitizeOps: false });
}

await testNeeding(["root"], "a full disk keeps the lock from nobody", async () => {
  await using here = await given();
  await here.disk.fill();
  using _lock = await lockDataDir(join(here.disk.path, "lock"));
  await assert.rejects(lockDataDir(join(here.disk.path, "lock")), { name: "Failure", message: /holds/ });
});

for (const left of ["no socket", "the socket of the daemon before"] as const) {
  await testNeeding(["root"], `commands reach a daemon whose read-only data_dir has ${left}`, async () => {
    await using here = await given();
    const { disk } = here;
    using claim = await claimDataDir(settings(disk.path));
    const app = new Hono().get("/status", (context) => context.json({ here: true }));
    if (left !== "no socket") {
      // Nobody listens, and the file stays.
      Deno.listen({ transport: "unix", path: claim.dir.socket }).close();
    }
    await disk.readOnly();
    const served = await serveControl(app, claim.dir);
    assert.equal(served.length, 1);
    using client = new ControlClient({ dataDir: disk.path });
    assert.deepEqual(await client.json("/status", { signal: AbortSignal.any([]) }), { here: true });
    for (const one of served) await one.close();
    await assert.rejects(client.json("/status", { signal: AbortSignal.any([]) }), {
      message: `no daemon answers on "${claim.dir.socket}"`,
    });
    await claim.disk.close();
  }, { sanitizeOps: false, sanitizeResources: false });
}
