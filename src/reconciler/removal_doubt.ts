/** [pure] Why removals wait for the operator: desired state comes from somewhere else than what runs. */
import { canonical } from "../model/fingerprint.ts";
import type { SourceIdentity } from "../store/source_record.ts";

/** Returns what changed since the applied revision, as a sentence; null when nothing did. */
export function removalDoubt(applied: SourceIdentity, present: SourceIdentity): string | null {
  if (applied.url !== present.url) return `the repository changed from "${applied.url}" to "${present.url}"`;
  if (applied.branch !== present.branch) return `the branch changed from "${applied.branch}" to "${present.branch}"`;
  if (applied.device !== present.device) {
    return `the device's name changed from "${applied.device}" to "${present.device}"`;
  }
  // A daemon before labels existed wrote none.
  if (applied.labels !== undefined && canonical(applied.labels) !== canonical(present.labels)) {
    return `the device's labels changed from ${labelsText(applied.labels)} to ${labelsText(present.labels ?? {})}`;
  }
  return null;
}

function labelsText(labels: Record<string, string>): string {
  return Object.entries(labels).map(([name, value]) => `${name}=${value}`).join(", ") || "none";
}
