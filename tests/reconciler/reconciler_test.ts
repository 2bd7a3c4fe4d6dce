/** What a pass does with answers that are older than what was done meanwhile. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { reconcile } from "../../src/reconciler/reconciler.ts";
import { persistApplied } from "../../src/reconciler/persist_state.ts";
import { syncOnce } from "../../src/sync/sync_loop.ts";
import type { Runtime } from "../../src/runtime/runtime.ts";
import { eventually } from "../support/eventually.ts";
import { GitRepository } from "../support/git_repository.ts";
import { testNeeding } from "../support/prerequisite.ts";
import { tempDir } from "../support/temp.ts";
import { running, turnedDevice } from "./single_reconcile_device.ts";

await testNeeding(["git"], "what was observed before a start ended is not acted on", async () => {
  await using dir = await tempDir();
  const repository = await GitRepository.create(join(dir.path, "fleet"));
  await repository.write("services/web.toml", 'command = ["/bin/sleep", "3600"]\nstop_timeout = "1s"\n');
  await repository.commit("Begin");
  await using opened = await turnedDevice(dir.path, repository.dir);
  const { device } = opened;
  await syncOnce(device);

  const native = device.runtimes.get("native")!;
  const start = held(native, "start", { when: "before" });
  const chains = await reconcile(device);
  await start.reached;
  const observe = held(native, "observe", { when: "after" });
  const turning = reconcile(device);
  await observe.reached;
  start.release();
  await Promise.all(chains);
  observe.release();
  await Promise.all(await turning);

  assert.deepEqual(device.plan.actions, []);
  assert.deepEqual([...device.retries.values()].map((attempt) => attempt.message), []);
  await Promise.all(await reconcile(device));
  assert.equal((await running(device)).length, 1);
  assert.deepEqual(device.plan.actions, []);
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
    await using opened = await turnedDevice(dir.path, repository.dir);
    const { device } = opened;
    await syncOnce(device);
    await Promise.all(await reconcile(device));
    await reconcile(device);
    await eventually("it is unhealthy", async () => [...device.prober.statuses().values()][0]?.health === "unhealthy");

    const stop = held(device.runtimes.get("native")!, "stop", { when: "after" });
    const chains = await reconcile(device);
    await stop.reached;
    await reconcile(device);
    const told = () =>
      device.events.filter((event) => event.message.includes("has failed")).map((event) => event.message);
    assert.deepEqual(told(), []);
    stop.release();
    await Promise.all(chains);
    await reconcile(device);
    assert.deepEqual(told(), ["web has failed: was stopped: it did not pass its health check"]);
  },
);

await testNeeding(["git"], "a revision that comes during a pass is not applied by what that pass saw", async () => {
  await using dir = await tempDir();
  const repository = await GitRepository.create(join(dir.path, "fleet"));
  await repository.write("services/web.toml", 'command = ["/bin/sleep", "3600"]\n');
  const first = await repository.commit("Begin");
  await using opened = await turnedDevice(dir.path, repository.dir);
  const { device } = opened;
  await syncOnce(device);
  await eventually("the first revision is applied", async () => {
    await Promise.all(await reconcile(device));
    return device.sourceState.applied === first;
  });
  await repository.write("services/web.toml", 'command = ["/bin/sleep", "3601"]\n');
  await repository.commit("Change it");
  await syncOnce(device);
  await persistApplied(device);
  assert.equal(device.sourceState.applied, first);
});

/** The next call of this method waits to be let go: before it begins, or with the answer that it has by then. */
function held<Name extends "start" | "stop" | "observe">(
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
