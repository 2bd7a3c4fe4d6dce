/** A device whose clock is set, or is wrong at its boot, with real processes. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { type Clock, systemClock } from "../../src/clock.ts";
import { loadFromDisk } from "../../src/daemon/boot.ts";
import type { Device } from "../../src/daemon/device.ts";
import { setOverride } from "../../src/operations/suspend.ts";
import { reconcile } from "../../src/reconciler/reconciler.ts";
import { syncOnce } from "../../src/sync/sync_loop.ts";
import { eventually } from "../support/eventually.ts";
import { GitRepository } from "../support/git_repository.ts";
import { testNeeding } from "../support/prerequisite.ts";
import { tempDir } from "../support/temp.ts";
import { running, turnedDevice } from "../reconciler/single_reconcile_device.ts";

const YEAR_MS = 365 * 86_400_000;
const QUIET = 'command = ["/bin/sleep", "3600"]\nstop_timeout = "1s"\nrestart = { reset_after = "100ms" }\n';

/** The clock of the machine, and what it is off by. */
function shiftedClock(): Clock & { offsetMs: number } {
  const clock = { ...systemClock, offsetMs: 0, now: () => Date.now() + clock.offsetMs };
  return clock;
}

/** Passes until the claim holds. */
function turned(device: Device, claim: string, holds: () => boolean | Promise<boolean>): Promise<boolean> {
  return eventually(claim, async () => {
    await Promise.all(await reconcile(device));
    return await holds();
  });
}

async function repositoryIn(root: string, manifest: string): Promise<GitRepository> {
  const repository = await GitRepository.create(join(root, "fleet"));
  await repository.write("services/web.toml", manifest);
  await repository.commit("Begin");
  return repository;
}

await testNeeding(
  ["git"],
  "a clock that is set ahead or back ends no rollout, whose deadline begins anew",
  async () => {
    await using dir = await tempDir();
    const repository = await repositoryIn(dir.path, QUIET);
    const clock = shiftedClock();
    await using opened = await turnedDevice(dir.path, repository.dir, { clock });
    const { device } = opened;
    await syncOnce(device);
    const rollouts = () => device.workloadStates.all.get("web")?.rollouts;
    await turned(device, "a version to go back to", () => rollouts()?.versions.length === 1);
    const probe = 'health = { command = ["/bin/false"] }\nrollout = { deadline = "5m" }\n';
    await repository.write("services/web.toml", `${QUIET}${probe}env = { A = "2" }\n`);
    await repository.commit("Never healthy");
    await syncOnce(device);
    await turned(device, "the rollout is under way", () => rollouts()?.underWay !== undefined);

    for (const jumpMs of [56 * YEAR_MS, -57 * YEAR_MS, YEAR_MS]) {
      clock.offsetMs += jumpMs;
      await Promise.all(await reconcile(device));
      assert.equal(rollouts()?.refused, undefined, `set by ${jumpMs / YEAR_MS} years`);
      const left = device.plan.wakeAt! - clock.now();
      assert.ok(left > 0 && left <= 300_000, `it is judged within its deadline, in ${left} ms`);
    }
    // As when the deadline has passed without a jump.
    for (const name of device.answeringSince.keys()) device.answeringSince.set(name, clock.now() - 300_000);
    device.workloadStates.keep({
      ...device.workloadStates.all.get("web")!,
      rollouts: { ...rollouts()!, underWay: { ...rollouts()!.underWay!, startedAt: clock.now() - 300_000 } },
    });
    await turned(device, "it is rolled back by its deadline", () => rollouts()?.refused?.reason === "health_timeout");
  },
);

await testNeeding(["git"], "an override that is over stays over when the device boots in 1970", async () => {
  await using dir = await tempDir();
  const repository = await repositoryIn(dir.path, QUIET);
  const clock = shiftedClock();
  const id = `test-${crypto.randomUUID()}`;
  {
    await using opened = await turnedDevice(dir.path, repository.dir, { clock, id });
    const { device } = opened;
    await syncOnce(device);
    await turned(
      device,
      "it runs and is applied",
      () => device.workloadStates.all.get("web")?.applied?.fingerprint !== undefined,
    );
    await setOverride(device, { name: "web", action: "stop", forMs: 3600_000 });
    await turned(device, "it is stopped", async () => (await running(device)).length === 0);
    // An hour passes, by the monotonic clock as well.
    const { now } = clock;
    Object.assign(clock, { now: () => now() + 3600_000, monotonic: () => systemClock.monotonic() + 3600_000 });
    await turned(device, "it runs again", async () => (await running(device)).length === 1);
  }
  const boot = { ...systemClock, now: () => systemClock.monotonic() };
  await using opened = await turnedDevice(dir.path, repository.dir, { clock: boot, id });
  const { device } = opened;
  await loadFromDisk(device);
  await turned(device, "it is started", async () => (await running(device)).length === 1);
  assert.equal(device.plan.workloads[0]?.override, null);
  await assert.rejects(
    setOverride(device, { name: "web", action: "stop", forMs: 3600_000 }),
    /the clock of the device says 1970-01-01 .*, which is before HarborNode was built/,
  );
  assert.match(
    await setOverride(device, { name: "web", action: "stop", forMs: null }),
    /^web is stopped, and stays so/,
  );
});
