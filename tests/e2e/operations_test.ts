/** Overrides on a device: suspended, stopped and started workloads, maintenance windows, delayed and skipped commits. */
import assert from "node:assert/strict";
import { eventually } from "../support/eventually.ts";
import { testNeeding } from "../support/prerequisite.ts";
import { pushedDevice, SLEEP, SOON } from "../support/repo_backed_device.ts";

const QUIET = `${SLEEP}${SOON}`;

await testNeeding(
  ["git"],
  "suspended workloads stay as they are and stopped ones stay stopped, through pushes and a killed daemon, until resumed",
  async () => {
    await using pushed = await pushedDevice({
      "kept.toml": QUIET,
      "off.toml": `${QUIET}enabled = false\n`,
      "web.toml": QUIET,
    });
    const { repository, device } = pushed;
    const kept = await device.until("kept", (workload) => workload.phase === "running");
    await device.until("web", (workload) => workload.phase === "running");

    assert.match(
      (await device.cli("suspend", "kept", "--for", "2h")).out,
      /^kept is suspended: it stays as it was last applied until 20\d\d-/,
    );
    assert.match((await device.cli("stop", "web")).out, /^web is stopped, and stays so until it is resumed$/m);
    assert.match((await device.cli("start", "off", "--for", "1h")).out, /^off runs, whatever git says of it, until 20/);
    await device.until("web", (workload) => workload.phase === "stopped" && workload.override?.action === "stop");
    await device.until("off", (workload) => workload.phase === "running" && workload.sync === "suspended");

    for (const name of ["kept", "web"]) await repository.write(`services/${name}.toml`, `${QUIET}env = { A = "1" }\n`);
    const revision = await repository.commit("Change both");
    assert.equal((await device.cli("sync", "--wait")).code, 0);
    await device.killDaemon();
    await device.startDaemon();
    const after = await device.until("kept", (workload) => workload.sync === "suspended");
    assert.equal(after.instances[0]?.pid, kept.instances[0]?.pid);
    assert.match(after.message, /^git changes nothing of it until 20\d\d-\d\d-\d\d \d\d:\d\d UTC$/);
    assert.ok(Date.parse(after.override!.until!) > Date.now() + 6000_000, "its end is shown");
    assert.equal((await device.until("web", (workload) => workload.sync === "suspended")).phase, "stopped");
    await eventually("the revision is applied: nothing else is to be done", async () => {
      return (await device.status())?.source.healthy === revision;
    });

    const refused = await device.cli("restart", "web");
    assert.match(
      refused.err,
      /error: "web" is stopped on this device until it is resumed\n {2}hint: run "harbornode resume web"/,
    );
    assert.match((await device.cli("status")).out, /stopped on the device until it is resumed/);
    assert.match((await device.cli("start", "web")).out, /^web follows git again$/m);
    await device.until("web", (workload) => workload.phase === "running" && workload.sync === "synced");
    await device.cli("resume", "kept", "off");
    await device.until("off", (workload) => workload.phase === "stopped" && workload.sync === "synced");
    const changed = await device.until(
      "kept",
      (workload) => workload.phase === "running" && workload.sync === "synced",
    );
    assert.notEqual(changed.instances[0]?.pid, kept.instances[0]?.pid);
    assert.match((await device.cli("resume", "web")).err, /error: "web" is not suspended: it follows git/);
    assert.match((await device.cli("suspend", "nobody")).err, /error: there is no workload "nobody"/);
    assert.equal((await device.cli("suspend", "web", "--for", "soon")).code, 2);
  },
);

await testNeeding(
  ["git"],
  "a change waits for the maintenance window, what is new does not, and the owner may wait for none",
  async () => {
    const extra = [
      "[runtime]",
      "docker_enabled = false",
      "[rollout]",
      'windows = [{ kind = "deny", schedule = "0 * * * *", duration = "2h" }]',
    ];
    await using pushed = await pushedDevice({ "web.toml": QUIET, "old.toml": QUIET }, { extra });
    const { repository, device } = pushed;
    const web = await device.until("web", (workload) => workload.phase === "running" && workload.sync === "synced");
    await device.until("old", (workload) => workload.phase === "running" && workload.sync === "synced");

    await repository.write("services/web.toml", `${QUIET}env = { A = "1" }\n`);
    await repository.write("services/new.toml", QUIET);
    await Deno.remove(`${repository.dir}/services/old.toml`);
    await repository.commit("Change, add and remove");
    const waited = await device.cli("sync", "--wait");
    assert.match(waited.out, /^web: a change waits for the maintenance window/);
    assert.match(waited.out, /removal of old is pending: a change waits for the maintenance window/);
    const waits = await device.until("web", (workload) => workload.reason === "outside_window");
    assert.deepEqual([waits.phase, waits.sync, waits.health], ["running", "out-of-sync", "healthy"]);
    assert.match(waits.message, /^a change waits for the maintenance window, which opens at 20.* it stays as revision/);
    assert.equal(waits.instances[0]?.pid, web.instances[0]?.pid);
    assert.equal((await device.until("new", (workload) => workload.phase === "running")).sync, "synced");

    const forced = await device.cli("sync", "--wait", "--force");
    assert.equal(forced.code, 0, forced.err);
    const changed = await device.until("web", (workload) => workload.sync === "synced" && workload.phase === "running");
    assert.notEqual(changed.instances[0]?.pid, web.instances[0]?.pid);
    await eventually("what git no longer holds is gone", async () => await device.workload("old") === undefined);
  },
);

await testNeeding(
  ["git"],
  "a commit that says so is skipped or delayed, and the next one brings what it changed",
  async () => {
    await using pushed = await pushedDevice({ "web.toml": QUIET });
    const { repository, device } = pushed;
    const before = await device.until("web", (workload) => workload.phase === "running" && workload.sync === "synced");
    const push = async (value: string, trailer: string) => {
      await repository.write("services/web.toml", `${QUIET}env = { A = "${value}" }\n`);
      return await repository.commit(`Change it\n\n${trailer}`);
    };

    for (
      const [trailer, reason] of [["Skip: test-*", "revision_skipped"], ["Delay-Until: 2099-01-01", "revision_delayed"]]
    ) {
      const revision = await push(reason!, `HarborNode-${trailer}`);
      const synced = await device.cli("sync", "--wait");
      assert.equal(synced.code, 0, synced.err);
      assert.match(
        synced.out,
        /^Revision \w{7} is (skipped|delayed).*; revision \w{7} is applied, the workload is healthy$/m,
      );
      const { source } = (await device.status())!;
      assert.deepEqual([source.sync, source.delayed?.revision, source.delayed?.reason], ["delayed", revision, reason]);
      assert.match(
        (await device.cli("status")).out,
        /its commit says HarborNode-Skip|is delayed until 2099-01-01 00:00 UTC/,
      );
      assert.equal((await device.workload("web"))?.instances[0]?.pid, before.instances[0]?.pid);
    }
    await device.killDaemon();
    await device.startDaemon();
    await eventually("it is still delayed", async () => (await device.status())?.source.sync === "delayed");
    assert.equal((await device.workload("web"))?.instances[0]?.pid, before.instances[0]?.pid);

    await push("last", "Signed-off-by: me");
    await device.until("web", (workload) => {
      return workload.sync === "synced" && workload.phase === "running" &&
        workload.instances[0]?.pid !== before.instances[0]?.pid;
    });
    assert.equal((await device.status())?.source.delayed, null);
  },
);
