/** A device whose clock is set, or is wrong at its boot, with real processes. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { type Clock, systemClock } from "../../src/clock.ts";
import type { DaemonParts } from "../../src/daemon/daemon_parts.ts";
import { setOverride } from "../../src/operations/suspend.ts";
import { eventually } from "../support/eventually.ts";
import { GitRepository } from "../support/git_repository.ts";
import { testNeeding } from "../support/prerequisite.ts";
import { tempDir } from "../support/temp.ts";
import { running, steppedDaemon } from "../reconciler/single_reconcile_device.ts";

const YEAR_MS = 365 * 86_400_000;
const QUIET = 'command = ["/bin/sleep", "3600"]\nstop_timeout = "1s"\nrestart = { reset_after = "100ms" }\n';

/** The clock of the machine: by how much somebody sets it, and how much time passes at once. */
function shiftedClock(): Clock & { offsetMs: number; passedMs: number } {
  const clock = {
    ...systemClock,
    offsetMs: 0,
    passedMs: 0,
    now: () => Date.now() + clock.offsetMs + clock.passedMs,
    monotonic: () => systemClock.monotonic() + clock.passedMs,
  };
  return clock;
}

/** Passes until the claim holds. */
function turned(parts: DaemonParts, claim: string, holds: () => boolean | Promise<boolean>): Promise<boolean> {
  return eventually(claim, async () => {
    await Promise.all(await parts.reconciler.reconcile());
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
    await using opened = await steppedDaemon(dir.path, repository.dir, { clock });
    const { parts } = opened;
    await parts.sync.sync();
    const rollouts = () => parts.state.workloads.all.get("web")?.rollouts;
    await turned(parts, "a version to go back to", () => rollouts()?.versions.length === 1);
    const probe = 'health = { command = ["/bin/false"] }\nrollout = { deadline = "5m" }\n';
    await repository.write("services/web.toml", `${QUIET}${probe}env = { A = "2" }\n`);
    await repository.commit("Never healthy");
    await parts.sync.sync();
    await turned(parts, "the rollout is under way", () => rollouts()?.underWay !== undefined);

    for (const jumpMs of [56 * YEAR_MS, -57 * YEAR_MS, YEAR_MS]) {
      clock.offsetMs += jumpMs;
      await Promise.all(await parts.reconciler.reconcile());
      assert.equal(rollouts()?.refused, undefined, `set by ${jumpMs / YEAR_MS} years`);
      const left = parts.reconciler.plan.wakeAt! - clock.now();
      assert.ok(left > 0 && left <= 300_000, `it is judged within its deadline, in ${left} ms`);
    }
    clock.passedMs += 300_000;
    await turned(parts, "it is rolled back by its deadline", () => rollouts()?.refused?.reason === "health_timeout");
  },
);

await testNeeding(["git"], "an override that is over stays over when the device boots in 1970", async () => {
  await using dir = await tempDir();
  const repository = await repositoryIn(dir.path, QUIET);
  const clock = shiftedClock();
  const id = `test-${crypto.randomUUID()}`;
  {
    await using opened = await steppedDaemon(dir.path, repository.dir, { clock, id });
    const { parts } = opened;
    await parts.sync.sync();
    await turned(
      parts,
      "it runs and is applied",
      () => parts.state.workloads.all.get("web")?.applied?.fingerprint !== undefined,
    );
    await setOverride(parts, { name: "web", action: "stop", forMs: 3600_000 });
    await turned(parts, "it is stopped", async () => (await running(parts)).length === 0);
    clock.passedMs += 3600_000;
    await turned(parts, "it runs again", async () => (await running(parts)).length === 1);
  }
  const boot = { ...systemClock, now: () => systemClock.monotonic() };
  await using opened = await steppedDaemon(dir.path, repository.dir, { clock: boot, id });
  const { parts } = opened;
  await parts.sync.loadFromDisk();
  await turned(parts, "it is started", async () => (await running(parts)).length === 1);
  assert.equal(parts.reconciler.plan.workloads[0]?.override, null);
  await assert.rejects(
    setOverride(parts, { name: "web", action: "stop", forMs: 3600_000 }),
    /the clock of the device says 1970-01-01 .*, which is before HarborNode was built/,
  );
  assert.match(
    await setOverride(parts, { name: "web", action: "stop", forMs: null }),
    /^web is stopped, and stays so/,
  );
});
