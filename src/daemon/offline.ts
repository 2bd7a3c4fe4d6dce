/** What a command may ask of a device whose daemon does not run. */
import { type Settings } from "../settings/settings.ts";
import { dataDir, makeFolders } from "../store/data_dir.ts";
import { closeDevice, openDevice } from "./open_device.ts";
import { deviceId } from "./identity.ts";
import { lockDataDir } from "./lock.ts";
import { type PlanPreview, previewPlan } from "./revision/preview.ts";

/** The plan that a daemon started now would make. Holds the lock meanwhile, and starts nothing. */
export async function previewWithoutDaemon(settings: Settings, signal: AbortSignal): Promise<PlanPreview> {
  const id = await deviceId(settings.dataDir);
  const dir = dataDir(settings.dataDir, id);
  await makeFolders(dir);
  using _lock = await lockDataDir(dir.lock);
  const device = await openDevice({ settings, id, signal });
  try {
    return await previewPlan(device);
  } finally {
    await closeDevice(device);
  }
}
