/** What a pass does with answers that are older than what was done meanwhile. */
import assert from "node:assert/strict";
import { join } from "node:path";
import type { Runtime } from "../../src/runtime/runtime.ts";
import { eventually } from "../support/eventually.ts";
import { GitRepository } from "../support/git_repository.ts";
import { testNeeding } from "../support/prerequisite.ts";
import { tempDir } from "../support/temp.ts";
import { running, steppedDaemon } from "./single_reconcile_device.ts";

await testNeeding(["git"], "what was observed before a start ended is not acted on", async () => {
  await using dir = await tempDir();
  const repository = await GitRepository.create(join(dir.path, "fleet"));
  await repository.write("services/web.toml", 'command = ["/bin/sleep", "3600"]\nstop_timeout = "1s"\n');
  await repository.commit("Begin");
  await using opened = await steppedDaemon(dir.path, repository.dir);
  const { parts } = opened;
  await parts.sync.sync();

  const native = parts.runtimes.get("native")!;
  const start = held(native, "start", { when: "before" });
  const chains = await parts.reconciler.reconcile();
  await start.reached;
  const observe = held(native, "observe", { when: "after" });
  const turning = parts.reconciler.reconcile();
  await observe.reached;
  start.release();
  await Promise.all(chains);
  observe.release();
  await Promise.all(await turning);

  assert.deepEqual(parts.reconciler.plan.actions, []);
  assert.deepEqual([...parts.executor.retries.all.values()].map((attempt) => attempt.message), []);
  await Promise.all(await parts.reconciler.reconcile());
  assert.equal((await running(parts)).length, 1);
  assert.deepEqual(parts.reconciler.plan.actions, []);
});

await testNeeding(
  ["git"],
  "what was stopped for good is told with what it died of, once its chain has ended",
  async () => {
    await using dir = await tempDir();
    const repository = await GitRepository.create(join(dir.path, "fleet"));
    const health = 'health = { command = ["/bin/false"], retries = 1, on_failure = "stop" }';
    await repository.write("services/web.toml", `command = ["/bin/sleep", "3600"]\n${health}\n`);
    await repository.commit("Begin");
    await using opened = await steppedDaemon(dir.path, repository.dir);
    const { parts } = opened;
    await parts.sync.sync();
    await Promise.all(await parts.reconciler.reconcile());
    await parts.reconciler.reconcile();
    await eventually("it is unhealthy", async () => [...parts.prober.statuses().values()][0]?.health === "unhealthy");

    const stop = held(parts.runtimes.get("native")!, "stop", { when: "after" });
    const chains = await parts.reconciler.reconcile();
    await stop.reached;
    await parts.reconciler.reconcile();
    const told = () =>
      parts.events.recent.filter((event) => event.message.includes("has failed")).map((event) => event.message);
    assert.deepEqual(told(), []);
    stop.release();
    await Promise.all(chains);
    await parts.reconciler.reconcile();
    assert.deepEqual(told(), ["web has failed: was stopped: it did not pass its health check"]);
  },
);

await testNeeding(["git"], "a revision that comes during a pass is not applied by what that pass saw", async () => {
  await using dir = await tempDir();
  const repository = await GitRepository.create(join(dir.path, "fleet"));
  await repository.write("services/web.toml", 'command = ["/bin/sleep", "3600"]\n');
  const first = await repository.commit("Begin");
  await using opened = await steppedDaemon(dir.path, repository.dir);
  const { parts } = opened;
  await parts.sync.sync();
  await eventually("the first revision is applied", async () => {
    await Promise.all(await parts.reconciler.reconcile());
    return parts.state.source.current.applied === first;
  });
  await repository.write("services/web.toml", 'command = ["/bin/sleep", "3601"]\n');
  await repository.commit("Change it");
  const lease = held(parts.runtimes.get("native")!, "setRestartLease", { when: "before" });
  const reconciling = parts.reconciler.reconcile();
  await lease.reached;
  await parts.sync.sync();
  lease.release();
  await Promise.all(await reconciling);
  assert.equal(parts.state.source.current.applied, first);
});

/** The next call of this method waits to be let go: before it begins, or with the answer that it has by then. */
function held<Name extends "start" | "stop" | "observe" | "setRestartLease">(
  runtime: Runtime,
  name: Name,
  { when }: { when: "before" | "after" },
): { reached: Promise<void>; release: () => void } {
  const reached = Promise.withResolvers<void>();
  const released = Promise.withResolvers<void>();
  const call = (runtime[name] as (...given: unknown[]) => Promise<unknown>).bind(runtime);
  const wait = () => {
    reached.resolve();
    return released.promise;
  };
  const slow = async (...given: unknown[]) => {
    runtime[name] = call as Runtime[Name];
    if (when === "before") await wait();
    const answer = await call(...given);
    if (when === "after") await wait();
    return answer;
  };
  runtime[name] = slow as Runtime[Name];
  return { reached: reached.promise, release: released.resolve };
}
