/** Files that changed under an instance that goes on running. */
import { filesDigest } from "../../model/fingerprint.ts";
import type { WorkloadState } from "../../model/workload_state.ts";
import type { Instance } from "../../model/instance.ts";
import type { Workload } from "../../model/workload.ts";
import type { Action } from "./action.ts";
import { explainChange } from "./spec_diff.ts";

/**
 * The spec whose files this instance has, when they are others than it should have; else null. Only what was applied says
 * which it has: without that memory it is left as it is.
 */
export function withOldFiles(
  spec: Workload,
  { instance, state }: { instance: Instance; state: WorkloadState | undefined },
): Workload | null {
  const applied = state?.applied ?? null;
  if (spec.onChange.type === "restart" || instance.state !== "running") return null;
  // It was started after that was applied, and so with the files of today.
  if (applied === null || applied.fingerprint !== instance.fingerprint) return null;
  return filesDigest(applied.workload.files) === filesDigest(spec.files) ? null : applied.workload;
}

/** Tells it of its new files; null when it has them. */
export function reloadAction(
  spec: Workload,
  { instance, state }: { instance: Instance; state: WorkloadState | undefined },
): Action | null {
  const old = withOldFiles(spec, { instance, state });
  if (old === null) return null;
  const { message } = explainChange({ ...old, onChange: { type: "restart" } }, {
    ...old,
    files: spec.files,
    onChange: { type: "restart" },
  });
  return { type: "reload", workload: spec.name, spec, instance, reason: "file_changed", message };
}
