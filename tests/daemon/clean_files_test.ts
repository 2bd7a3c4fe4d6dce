/** The files of workloads while a sync and a pass run side by side. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { closeDevice, openDevice } from "../../src/daemon/daemon.ts";
import type { Device } from "../../src/daemon/device.ts";
import { pass } from "../../src/daemon/pass.ts";
import { syncOnce } from "../../src/daemon/sync.ts";
import type { Instance } from "../../src/model/observed.ts";
import { libc } from "../../src/runtime/native/process/libc.ts";
import { loadSettings } from "../../src/settings/load.ts";
import type { Source } from "../../src/source/source.ts";
import { dataDir, makeFolders } from "../../src/store/data_dir.ts";
import { eventually } from "../support/eventually.ts";
import { GitRepository } from "../support/git_repository.ts";
import { testNeeding } from "../support/prerequisite.ts";
import { tempDir } from "../support/temp.ts";

// Loaded before the test begins: the C library stays for the life of the process, and is no leak.
libc();

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
  await using opened = await open(dir.path, repository.dir);
  const { device } = opened;
  await syncOnce(device);
  await Promise.all(await pass(device));

  await push("two");
  const arriving = holdAt(device.source, "services/b/content");
  const sync = syncOnce(device);
  await arriving.reached;
  // What the first revision asked for is applied now, and remembered; of the second one "a" is written.
  await pass(device);
  arriving.release();
  assert.equal(await sync, null);
  await Promise.all(await pass(device));
  assert.deepEqual([...device.attempts.values()].map((one) => one.message), []);
  for (const { workload, pid } of await running(device)) {
    assert.equal(await Deno.readTextFile(`/proc/${pid}/cwd/content`), "two", workload);
  }

  await push("three");
  await pass(device);
  await syncOnce(device);
  const kept = await Array.fromAsync(Deno.readDir(join(device.dir.files, "a")));
  assert.equal(kept.length, 2, `the one that runs and the new one: ${kept.map((one) => one.name)}`);
});

/** A device without loops: the test turns them. Everything that it started ends with it. */
async function open(root: string, repository: string): Promise<{ device: Device } & AsyncDisposable> {
  const text = `device = "test"\ndata_dir = "data"\n[runtime]\ndocker_enabled = false\n[repo]\nurl = "${repository}"\n`;
  await Deno.writeTextFile(join(root, "config.toml"), text);
  const loaded = await loadSettings({ file: join(root, "config.toml"), cwd: root, env: {}, hostname: "host" });
  assert.ok("settings" in loaded, JSON.stringify(loaded));
  const stop = new AbortController();
  const id = `test-${crypto.randomUUID()}`;
  await makeFolders(dataDir(loaded.settings.dataDir, id));
  const device = await openDevice({ settings: loaded.settings, id, signal: stop.signal });
  const dispose = async () => {
    device.goingDown = true;
    await eventually("nothing runs any more", async () => {
      await Promise.all(await pass(device));
      return (await running(device)).length === 0;
    });
    stop.abort();
    await closeDevice(device);
    await Deno.remove(device.dir.run, { recursive: true });
  };
  return { device, [Symbol.asyncDispose]: dispose };
}

async function running(device: Device): Promise<Instance[]> {
  const observation = await device.runtimes.get("native")!.observe();
  assert.ok(observation.ok);
  return observation.instances.filter((one) => one.state === "running");
}

/** From now on a read of this file, out of whatever revision, waits until it is let go. */
function holdAt(source: Source, path: string): { reached: Promise<void>; release: () => void } {
  const reached = Promise.withResolvers<void>();
  const released = Promise.withResolvers<void>();
  const fetch = source.fetch.bind(source);
  source.fetch = async (...args) => {
    const revision = await fetch(...args);
    const read = revision.read.bind(revision);
    revision.read = async (entry) => {
      if (entry.path === path) {
        reached.resolve();
        await released.promise;
      }
      return await read(entry);
    };
    return revision;
  };
  return { reached: reached.promise, release: released.resolve };
}
