/** The files of workloads while a sync and a pass run side by side. */
import assert from "node:assert/strict";
import { join } from "node:path";
import type { Source } from "../../src/source/source.ts";
import { GitRepository } from "../support/git_repository.ts";
import { testNeeding } from "../support/prerequisite.ts";
import { tempDir } from "../support/temp.ts";
import { running, steppedDaemon } from "../reconciler/single_reconcile_device.ts";

await testNeeding(["git"], "a pass that ends while a revision arrives leaves its files alone", async () => {
  await using dir = await tempDir();
  const repository = await GitRepository.create(join(dir.path, "fleet"));
  const push = async (content: string) => {
    for (const name of ["a", "b"]) {
      await repository.write(
        `services/${name}/service.toml`,
        'command = ["/bin/sleep", "3600"]\nstop_timeout = "1s"\n',
      );
      await repository.write(`services/${name}/content`, content);
    }
    await repository.commit(content);
  };
  await push("one");
  await using opened = await steppedDaemon(dir.path, repository.dir);
  const { parts } = opened;
  await parts.sync.sync();
  await Promise.all(await parts.reconciler.reconcile());

  await push("two");
  const arriving = holdAt(parts.source, "services/b/content");
  const sync = parts.sync.sync();
  await arriving.reached;
  // What the first revision asked for is applied now, and remembered; of the second one "a" is written.
  await parts.reconciler.reconcile();
  arriving.release();
  assert.equal(await sync, null);
  await Promise.all(await parts.reconciler.reconcile());
  assert.deepEqual([...parts.executor.retries.all.values()].map((attempt) => attempt.message), []);
  for (const { workload, pid } of await running(parts)) {
    assert.equal(await Deno.readTextFile(`/proc/${pid}/cwd/content`), "two", workload);
  }

  await push("three");
  await parts.reconciler.reconcile();
  await parts.sync.sync();
  const kept = await Array.fromAsync(Deno.readDir(join(parts.dir.files, "a")));
  assert.equal(kept.length, 2, `the one that runs and the new one: ${kept.map((entry) => entry.name)}`);
});

/** From now on a read of this file, out of whatever revision, waits until it is let go. */
function holdAt(source: Source, path: string): { reached: Promise<void>; release: () => void } {
  const reached = Promise.withResolvers<void>();
  const released = Promise.withResolvers<void>();
  const fetch = source.fetch.bind(source);
  source.fetch = async (...args) => {
    const revision = await fetch(...args);
    const chunks = revision.chunks.bind(revision);
    revision.chunks = async function* (entry) {
      if (entry.path === path) {
        reached.resolve();
        await released.promise;
      }
      yield* chunks(entry);
    };
    return revision;
  };
  return { reached: reached.promise, release: released.resolve };
}
