/** A workload that is suspended, by its manifest or on the device: git changes nothing of it, everything else goes on. */
import assert from "node:assert/strict";
import type { WorkloadStatus } from "../../src/model/snapshot.ts";
import { eventually } from "../support/eventually.ts";
import { testNeeding } from "../support/prerequisite.ts";
import { pushedDevice, shell, SOON } from "../support/repo_backed_device.ts";

const version = (number: number) => `${shell(`exec sleep ${3600 + number}`)}${SOON}`;
const runs = (workload: WorkloadStatus) => workload.phase === "running" && workload.health === "healthy";
const pidOf = (workload: WorkloadStatus) => workload.instances[0]!.pid!;
const commandOf = async (workload: WorkloadStatus) =>
  (await Deno.readTextFile(`/proc/${pidOf(workload)}/cmdline`)).split("\0").filter((word) => word !== "").join(" ");

await testNeeding(
  ["git"],
  "suspended services, one of them removed from git, are restarted as last applied after a crash and a boot",
  async () => {
    await using pushed = await pushedDevice({
      "local.toml": version(1),
      "gone.toml": version(1),
      "git.toml": version(1),
    });
    const { repository, device } = pushed;
    const names = ["local", "gone", "git"];
    for (const name of names) await device.until(name, (workload) => runs(workload) && workload.sync === "synced");
    const suspended = await device.cli("suspend", "local", "gone", "--for", "2h");
    assert.equal(suspended.code, 0, suspended.err);
    await repository.write("services/local.toml", version(2));
    await repository.write("services/git.toml", `${version(2)}suspend = true\n`);
    await Deno.remove(`${repository.dir}/services/gone.toml`);
    await repository.commit("Change, suspend and remove");
    assert.equal((await device.cli("sync", "--wait")).code, 0);
    const stays = (name: string, before: number | null) =>
      device.until(
        name,
        (workload) =>
          runs(workload) && workload.sync !== "synced" && ![null, before].includes(workload.instances[0]?.pid ?? null),
      );

    const after = async (before: Map<string, number>) => {
      const statuses = await Promise.all(names.map((name) => stays(name, before.get(name) ?? null)));
      for (const workload of statuses) {
        assert.equal(await commandOf(workload), "sleep 3601", workload.name);
        assert.equal(workload.sync, "suspended");
        const by = workload.name === "git" ? [undefined, "suspended"] : ["suspend", "overridden"];
        assert.deepEqual([workload.override?.action, workload.reason], by);
        assert.match(
          workload.message,
          workload.name === "git" ? /suspend = true/ : /git changes nothing of it until 20/,
        );
      }
      return new Map(statuses.map((workload) => [workload.name, pidOf(workload)]));
    };
    const first = await after(new Map());
    for (const pid of first.values()) Deno.kill(pid, "SIGKILL");
    const second = await after(first);
    // As a boot of the device: nothing of ours runs any more.
    await device.killDaemon();
    for (const pid of second.values()) Deno.kill(pid, "SIGKILL");
    await device.startDaemon();
    const third = await after(second);
    assert.equal((await device.cli("restart", "local")).code, 0);
    await stays("local", third.get("local")!);

    await repository.write("services/git.toml", version(2));
    await repository.commit("Go on");
    assert.equal((await device.cli("resume", "local", "gone")).code, 0);
    for (const name of ["local", "git"]) {
      assert.equal(
        await commandOf(await device.until(name, (workload) => runs(workload) && workload.sync === "synced")),
        "sleep 3602",
      );
    }
    await eventually("what git removed is gone", async () => await device.workload("gone") === undefined);
  },
);

await testNeeding(
  ["git"],
  "a suspended service that keeps crashing, or has ended for good, is reported as such",
  async () => {
    const dead = `${shell("exec sleep 3600")}restart = "never"\n`;
    const crashing = `${shell("exec sleep 3600")}restart = { delay = "10m", max_delay = "10m", reset_after = "1h" }\n`;
    await using pushed = await pushedDevice({ "dead.toml": dead, "crashing.toml": crashing });
    const { device } = pushed;
    for (const name of ["dead", "crashing"]) await device.until(name, (workload) => workload.phase === "running");
    await eventually("both are applied", async () => {
      return (await device.status())!.workloads.every((workload) =>
        workload.sync === "synced" && workload.instances[0]?.pid
      );
    });
    assert.equal((await device.cli("suspend", "dead", "crashing")).code, 0);
    const pids = new Map<string, number>();
    for (const name of ["dead", "crashing"]) {
      pids.set(name, pidOf(await device.until(name, (workload) => workload.sync === "suspended")));
      Deno.kill(pids.get(name)!, "SIGKILL");
    }
    const again = await device.until("crashing", (workload) => {
      return workload.phase === "running" && ![null, pids.get("crashing")].includes(workload.instances[0]?.pid ?? null);
    });
    Deno.kill(pidOf(again), "SIGKILL");
    const waits = await device.until("crashing", (workload) => workload.phase === "backoff");
    assert.deepEqual([waits.sync, waits.health], ["suspended", "unhealthy"]);
    assert.match(
      waits.message,
      /^ended with exit code 137.*; it will be started again; git changes nothing of it until it is resumed$/,
    );
    const ended = await device.until("dead", (workload) => workload.phase === "failed");
    assert.deepEqual([ended.sync, ended.health], ["suspended", "unhealthy"]);
    assert.match(
      ended.message,
      /^ended with exit code 137.*restart = "never"; git changes nothing of it until it is resumed$/,
    );
  },
);
