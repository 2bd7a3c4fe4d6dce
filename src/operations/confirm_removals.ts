/** Confirms removals that wait for the operator. */
import { Failure } from "../failure.ts";
import { shortId } from "../model/git_ref.ts";
import type { OperationDeps } from "./operation_deps.ts";

/**
 * Confirms the pending removals of exactly the revision that asks for them; `revision` are its first digits, null for
 * whichever it is. Returns the names of the workloads. Throws a `Failure` (`mistake`) when another revision asks, or a
 * manifest has problems.
 */
export function confirmRemovals(
  { reconciler, sync, state, events }: Pick<OperationDeps, "reconciler" | "sync" | "state" | "events">,
  revision: string | null,
): string[] {
  const { plan: { pendingRemoval: pending } } = reconciler;
  const { desired } = sync;
  if (pending === null || desired === null) return [];
  if (revision !== null && !desired.revision.startsWith(revision)) {
    throw new Failure(`the pending removal is of revision ${shortId(desired.revision)}, not of "${revision}"`, {
      kind: "mistake",
      reason: "removal_pending",
      hint: 'run "harbornode prune" to see what it removes now',
    });
  }
  if (desired.invalid.length > 0) {
    throw new Failure(pending.message, {
      kind: "mistake",
      reason: "removal_pending",
      hint: "mend the manifest, or take it out of the repository; then confirm",
    });
  }
  state.source.confirmRemovals(desired.revision);
  events.add({ workload: null, reason: "forced", message: `removal of ${pending.names.join(", ")} was confirmed` });
  reconciler.request();
  return pending.names;
}
