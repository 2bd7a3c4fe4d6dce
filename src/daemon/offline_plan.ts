/** The plan of a device whose daemon does not run, for `harbornode plan`. */
import { type Settings } from "../settings/settings.ts";
import { type PlanPreview, previewPlan } from "../operations/plan_preview.ts";
import { claimDataDir } from "./claim_data_dir.ts";
import { openDaemonParts } from "./daemon_parts.ts";

/** The plan that a daemon started now would make. Holds the lock meanwhile, and starts nothing. */
export async function offlinePlan(settings: Settings, signal: AbortSignal): Promise<PlanPreview> {
  using claim = await claimDataDir(settings);
  const parts = await openDaemonParts({ settings, ...claim, signal });
  try {
    return await previewPlan(parts);
  } finally {
    await parts.close();
  }
}
