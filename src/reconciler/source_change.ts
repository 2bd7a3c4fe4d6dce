/** [pure] Why removals wait for the operator: desired state comes from somewhere else than what runs. */
import { canonical } from "../model/fingerprint.ts";
import type { SourceIdentity } from "../store/source_record.ts";

/** Returns what changed since the applied revision, as a sentence; null when nothing did. */
export function removalDoubt(applied: SourceIdentity, present: SourceIdentity): string | null {
  if (applied.url !== present.url) return changed("repository", applied.url, present.url);
  if (applied.branch !== present.branch) return changed("branch", applied.branch, present.branch);
  if (applied.device !== present.device) {
    return changed("device's name", applied.device, present.device);
  }
  // A daemon before labels existed wrote none.
  if (applied.labels !== undefined && canonical(applied.labels) !== canonical(present.labels)) {
    return `the device's labels changed from ${labelsText(applied.labels)} to ${labelsText(present.labels ?? {})}`;
  }
  return null;
}

function changed(what: string, before: string, after: string): string {
  return `the ${what} changed from "${before}" to "${after}"`;
}

function labelsText(labels: Record<string, string>): string {
  return Object.entries(labels).map(([name, value]) => `${name}=${value}`).join(", ") || "none";
}
