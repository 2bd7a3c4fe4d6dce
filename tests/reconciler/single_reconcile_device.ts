/** The parts of a daemon without loops: a test reconciles and syncs step by step. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { type Clock, systemClock } from "../../src/clock.ts";
import { type DaemonParts, openDaemonParts } from "../../src/daemon/daemon_parts.ts";
import type { Instance } from "../../src/model/instance.ts";
import { libc } from "../../src/os/libc.ts";
import { loadSettings } from "../../src/settings/load_config.ts";
import { dataDir, makeDirectories } from "../../src/store/data_dir.ts";
import { eventually } from "../support/eventually.ts";

// Loaded before a test begins: the C library stays for the life of the process, and is no leak.
libc();

/** Opens the parts of a daemon. `id` is that of an earlier one of the same root. Everything that it started ends with it. */
export async function steppedDaemon(
  root: string,
  repository: string,
  { clock = systemClock, id = `test-${crypto.randomUUID()}` }: { clock?: Clock; id?: string } = {},
): Promise<{ parts: DaemonParts } & AsyncDisposable> {
  const text = `device = "test"\ndata_dir = "data"\n[runtime]\ndocker_enabled = false\n[repo]\nurl = "${repository}"\n`;
  await Deno.writeTextFile(join(root, "config.toml"), text);
  const loaded = await loadSettings({ file: join(root, "config.toml"), cwd: root, env: {}, hostname: "host" });
  assert.ok("settings" in loaded, JSON.stringify(loaded));
  const stop = new AbortController();
  await makeDirectories(dataDir(loaded.settings.dataDir, id));
  const parts = await openDaemonParts({ settings: loaded.settings, id, signal: stop.signal, clock });
  const dispose = async () => {
    parts.reconciler.beginShutdown("down");
    await eventually("nothing runs any more", async () => {
      await Promise.all(await parts.reconciler.reconcile());
      return (await running(parts)).length === 0;
    });
    stop.abort();
    await parts.close();
    // A later daemon of the same device may have removed it.
    await Deno.remove(parts.dir.run, { recursive: true }).catch((error) => {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    });
  };
  return { parts, [Symbol.asyncDispose]: dispose };
}

/** Native instances that run, whatever the device knows of them. */
export async function running({ runtimes }: Pick<DaemonParts, "runtimes">): Promise<Instance[]> {
  const observation = await runtimes.get("native")!.observe();
  assert.ok(observation.ok);
  return observation.instances.filter((instance) => instance.state === "running");
}
