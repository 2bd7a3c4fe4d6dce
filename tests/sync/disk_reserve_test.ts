/** Files of workloads and the space on the disk. */
import assert from "node:assert/strict";
import { join } from "node:path";
import type { DaemonParts } from "../../src/daemon/daemon_parts.ts";
import { GitRepository } from "../support/git_repository.ts";
import { commitPaths, under, zeros } from "../support/git_trees.ts";
import { testNeeding } from "../support/prerequisite.ts";
import { tempDir } from "../support/temp.ts";
import { steppedDaemon } from "../reconciler/single_reconcile_device.ts";

function setReserve(parts: DaemonParts, bytes: number): void {
  (parts.settings.limits as { diskReserveBytes: number }).diskReserveBytes = bytes;
}

async function below(directory: string): Promise<string[]> {
  return (await Array.fromAsync(Deno.readDir(directory))).map(({ name }) => name).sort();
}

await testNeeding(
  ["git"],
  "a workload whose files would use the reserve is invalid alone, leaves nothing, and is taken when there is room",
  async () => {
    await using dir = await tempDir();
    const repository = await GitRepository.create(join(dir.path, "fleet"));
    const manifest = 'command = ["/bin/sleep", "3600"]\nstop_timeout = "100ms"\n';
    for (const name of ["good", "large"]) await repository.write(`services/${name}.toml`, manifest);
    await repository.write("services/good/small", "x");
    await repository.git("add", "--all");
    // One content, ten paths: it is written ten times, so it counts ten times.
    const blob = await zeros(repository, 200_000);
    const revision = await commitPaths(repository, under(blob, 10, (n) => `services/large/f${n}`), "large");
    await using opened = await steppedDaemon(dir.path, repository.dir);
    const { parts } = opened;
    setReserve(parts, Number.MAX_SAFE_INTEGER);

    assert.equal(await parts.sync.sync(), null, "the fetch itself is small");
    await Promise.all(await parts.reconciler.reconcile());
    await Promise.all(await parts.reconciler.reconcile());

    const of = (name: string) => parts.feed.current.workloads.find((workload) => workload.name === name)!;
    assert.equal(of("good").instances.length, 1);
    assert.equal(of("large").phase, "invalid");
    const [problem] = of("large").problems;
    assert.match(
      `${problem!.file}: ${problem!.message}`,
      /^services\/large\.toml: its files cannot be written to the device: large needs 2\.0 MB, and the disk has [\d.]+ MB free/,
    );
    assert.match(problem!.hint!, /^free some space, or lower disk_reserve/);
    assert.deepEqual(await below(parts.dir.files), ["good"]);

    assert.equal(await parts.sync.sync(), null);
    assert.equal(of("large").phase, "invalid", "as long as there is no room, it is not tried again");
    setReserve(parts, 1);
    assert.equal(await parts.sync.sync(), null);
    await Promise.all(await parts.reconciler.reconcile());
    await Promise.all(await parts.reconciler.reconcile());
    assert.equal(of("large").instances.length, 1, "without a push");
    assert.equal(parts.sync.desired?.revision, revision);
    const [content] = await below(join(parts.dir.files, "large"));
    assert.equal((await below(join(parts.dir.files, "large", content!))).length, 10);
  },
);
