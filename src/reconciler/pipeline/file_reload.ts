/** Reload: changed files of a workload that are delivered to running instances without a restart. */
import { filesDigest } from "../../model/fingerprint.ts";
import type { WorkloadState } from "../../model/workload_state.ts";
import type { Instance } from "../../model/instance.ts";
import type { Workload } from "../../model/workload.ts";
import type { Action } from "./action.ts";
import { explainChange } from "./spec_diff.ts";

/**
 * Returns the spec whose files a running instance has, when these are not the files of `spec`; null otherwise. Only the
 * last applied spec tells which files the instance has: without one it counts as up to date.
 */
export function specOfOldFiles(
  spec: Workload,
  { instance, state }: { instance: Instance; state: WorkloadState | undefined },
): Workload | null {
  const applied = state?.applied ?? null;
  if (spec.onChange.type === "restart" || instance.state !== "running") return null;
  // An instance with another fingerprint was started after that spec was applied, and got the present files.
  if (applied === null || applied.fingerprint !== instance.fingerprint) return null;
  return filesDigest(applied.workload.files) === filesDigest(spec.files) ? null : applied.workload;
}

/** Builds the action that replaces the files of `old` by those of `spec` and notifies the instance. */
export function reloadAction(spec: Workload, { instance, old }: { instance: Instance; old: Workload }): Action {
  const onChange = { type: "restart" as const };
  const { message } = explainChange({ ...old, onChange }, { ...old, files: spec.files, onChange });
  return { type: "reload", workload: spec.name, spec, instance, reason: "file_changed", message };
}
