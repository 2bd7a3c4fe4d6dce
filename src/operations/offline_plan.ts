/** What a command may ask of a device whose daemon does not run. */
import { type Settings } from "../settings/settings.ts";
import { closeDevice, openDevice } from "../daemon/create_device.ts";
import { claimDataDir } from "../daemon/claim_data_dir.ts";
import { type PlanPreview, previewPlan } from "./plan_preview.ts";

/** The plan that a daemon started now would make. Holds the lock meanwhile, and starts nothing. */
export async function offlinePlan(settings: Settings, signal: AbortSignal): Promise<PlanPreview> {
  using claim = await claimDataDir(settings);
  const device = await openDevice({ settings, ...claim, signal });
  try {
    return await previewPlan(device);
  } finally {
    await closeDevice(device);
  }
}
