/** Outcome of a sync: whether the device has come to rest, and how. */
import type { SyncOutcome } from "../http/control_app.ts";
import { shortId } from "../model/git_ref.ts";
import type { OperationDeps } from "./operation_deps.ts";

/** Returns the outcome; null while something is under way. The progress decides, the snapshot gives the sentences. */
export function syncOutcome(
  { feed, sync, reconciler, executor }: Pick<OperationDeps, "feed" | "sync" | "reconciler" | "executor">,
): SyncOutcome | null {
  const { desired, status: { error, delayed } } = sync;
  const { plan, planned, progress } = reconciler;
  const revision = desired?.revision ?? null;
  if (error !== null) return { ok: false, revision, message: error.message, hint: error.hint };
  if (desired === null || planned !== desired) return null;
  if (executor.operations.size > 0 || plan.actions.length > 0 || !progress.isAtRest) return null;
  const { workloads, pending_removal: pending } = feed.published;
  const unwell = workloads.filter(({ name }) => progress.unwell.has(name));
  const outsideWindow = workloads.filter(({ name }) => progress.outsideWindow.has(name));
  const all = workloads.length === 1 ? "the workload is" : `all ${workloads.length} workloads are`;
  if (unwell.length === 0 && outsideWindow.length === 0 && pending === null) {
    const newer = delayed === null ? "" : `${delayed.message}; `;
    const message = `${newer}revision ${shortId(desired.revision)} is applied, ${all} healthy`;
    return { ok: true, revision, message, hint: null };
  }
  const sentences = unwell.map(({ name, phase, message }) => `${name}: ${phase}, ${message}`);
  sentences.push(...outsideWindow.map(({ name, message }) => `${name}: ${message}`));
  if (pending !== null) sentences.push(`removal of ${pending.names.join(", ")} is pending: ${pending.message}`);
  const hint = pending === null ? null : 'run "harbornode prune --confirm" to remove them';
  return { ok: unwell.length === 0, revision, message: sentences.join("; "), hint };
}
