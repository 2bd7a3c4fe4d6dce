/** A device whose passes a test turns one by one. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { type Clock, systemClock } from "../../src/clock.ts";
import { closeDevice, openDevice } from "../../src/daemon/create_device.ts";
import type { Device } from "../../src/daemon/device.ts";
import { reconcile } from "../../src/reconciler/reconciler.ts";
import type { Instance } from "../../src/model/instance.ts";
import { libc } from "../../src/os/libc.ts";
import { loadSettings } from "../../src/settings/load_config.ts";
import { dataDir, makeDirectories } from "../../src/store/data_dir.ts";
import { eventually } from "../support/eventually.ts";

// Loaded before a test begins: the C library stays for the life of the process, and is no leak.
libc();

/** A device without loops: the test turns them. `id` is that of a device before it, of the same root. Everything that it started ends with it. */
export async function turnedDevice(
  root: string,
  repository: string,
  { clock = systemClock, id = `test-${crypto.randomUUID()}` }: { clock?: Clock; id?: string } = {},
): Promise<{ device: Device } & AsyncDisposable> {
  const text = `device = "test"\ndata_dir = "data"\n[runtime]\ndocker_enabled = false\n[repo]\nurl = "${repository}"\n`;
  await Deno.writeTextFile(join(root, "config.toml"), text);
  const loaded = await loadSettings({ file: join(root, "config.toml"), cwd: root, env: {}, hostname: "host" });
  assert.ok("settings" in loaded, JSON.stringify(loaded));
  const stop = new AbortController();
  await makeDirectories(dataDir(loaded.settings.dataDir, id));
  const device = await openDevice({ settings: loaded.settings, id, signal: stop.signal, clock });
  const dispose = async () => {
    device.shutdownKind = "down";
    await eventually("nothing runs any more", async () => {
      await Promise.all(await reconcile(device));
      return (await running(device)).length === 0;
    });
    stop.abort();
    await closeDevice(device);
    await Deno.remove(device.dir.run, { recursive: true });
  };
  return { device, [Symbol.asyncDispose]: dispose };
}

/** Native instances that run, whatever the device knows of them. */
export async function running(device: Device): Promise<Instance[]> {
  const observation = await device.runtimes.get("native")!.observe();
  assert.ok(observation.ok);
  return observation.instances.filter((instance) => instance.state === "running");
}
