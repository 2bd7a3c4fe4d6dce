/** What the bench relies on, of every supervisor that is installed: without it its figures would mean nothing. */
import assert from "node:assert/strict";
import { testNeeding } from "../support/prerequisite.ts";
import { findExecutable, harbornode } from "./peer_harbornode.ts";
import { runit } from "./peer_runit.ts";
import { s6 } from "./peer_s6.ts";
import { supervisord } from "./peer_supervisord.ts";
import { processesNaming, startTicks } from "./process_table.ts";
import { endAllRuns, supervisorPids, withIdleServices } from "./site.ts";

const PEERS = [await harbornode(await findExecutable()), await supervisord(), await runit(), await s6()];

for (const peer of PEERS.filter((one) => one !== null)) {
  await testNeeding(["git"], `the bench brings services up under ${peer.name}, and leaves nothing behind`, async () => {
    const root = await withIdleServices(peer, 2, async (run) => {
      const pids = run.announcements.all.map((announcement) => announcement.pid);
      assert.equal(new Set(pids).size, 2);
      for (const pid of pids) assert.notEqual(await startTicks(pid), null, "a service said that it is up and is not");

      const daemon = await run.supervisor.daemonPid();
      const own = await supervisorPids(run);
      assert.ok(own.includes(daemon), "the daemon counts as the supervisor's");
      assert.deepEqual(own.filter((pid) => pids.includes(pid)), [], "services do not");
      return run.root;
    });
    assert.deepEqual(await processesNaming(root), []);
    await endAllRuns();
    await assert.rejects(Deno.stat(root), Deno.errors.NotFound);
  });
}

await testNeeding(["git"], "the bench leaves nothing behind when a measurement fails", async () => {
  let root = "";
  const failing = withIdleServices(PEERS[0]!, 1, (run) => {
    root = run.root;
    return Promise.reject(new Error("as planned"));
  });
  await assert.rejects(failing, /as planned/);
  assert.deepEqual(await processesNaming(root), []);
  await assert.rejects(Deno.stat(root), Deno.errors.NotFound);
});
