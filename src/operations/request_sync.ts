/** A sync that an operator or a webhook asks for, and its outcome. */
import type { SyncOutcome } from "../http/control_app.ts";
import { shortId } from "../model/git_ref.ts";
import type { OperationDeps } from "./operation_deps.ts";
import { syncOutcome } from "./sync_outcome.ts";

type SyncDeps = Pick<
  OperationDeps,
  "sync" | "reconciler" | "executor" | "state" | "guard" | "events" | "feed" | "stopped"
>;

export interface SyncRequest {
  /** Whether to wait until every workload is at rest. */
  wait: boolean;
  /** Whether the revision may be applied outside of maintenance windows, and tried although it was set aside. */
  force: boolean;
  progress(message: string): void;
  signal: AbortSignal;
}

/** Syncs, and resolves with the outcome. The sync begins after the call. Rejects with the reason of an abort. */
export async function requestSync(
  deps: SyncDeps,
  { wait, force, progress, signal }: SyncRequest,
): Promise<SyncOutcome> {
  const { sync, executor, guard, feed, stopped } = deps;
  // A sync that is under way may have read the branch before the caller's push: the one after it counts.
  const target = sync.syncCount + (sync.isSyncing ? 2 : 1);
  if (force) guard.allowAgain();
  sync.request();
  let last = "";
  return await new Promise<SyncOutcome>((resolve, reject) => {
    const end = AbortSignal.any([signal, stopped]);
    const check = () => {
      if (sync.syncCount < target) return report(sync.status.progress ?? "looking at the repository");
      if (force) openWindows(deps);
      for (const operation of executor.operations.values()) if (operation.progress !== null) report(operation.progress);
      const outcome = wait ? syncOutcome(deps) : fetchOutcome(deps);
      if (outcome === null) return executor.operations.size > 0 ? undefined : report(waitMessage(deps));
      leave();
      resolve(outcome);
    };
    const report = (message: string) => {
      if (message === last) return;
      last = message;
      progress(message);
    };
    const abort = () => {
      leave();
      reject(end.reason);
    };
    const unsubscribe = feed.subscribe(check);
    const leave = () => {
      unsubscribe();
      end.removeEventListener("abort", abort);
    };
    end.addEventListener("abort", abort);
    check();
  });
}

/** Opens the maintenance windows for the present revision. Persisted with the next sync, or when it is applied. */
function openWindows({ sync, state, events, reconciler }: SyncDeps): void {
  const { desired } = sync;
  if (desired === null || state.source.current.windowsOpenFor === desired.revision) return;
  state.source.openWindows(desired.revision);
  const revision = shortId(desired.revision);
  const message = `revision ${revision} waits for no maintenance window: that was asked for on the device`;
  events.add({ workload: null, reason: "forced", message });
  reconciler.requestNewPlan();
}

/** What the outcome waits for while no operation is under way. */
function waitMessage({ feed }: SyncDeps): string {
  const names = feed.published.workloads.flatMap(({ name, rollout }) => rollout === null ? [] : [name]);
  return names.length === 0
    ? "waiting for all workloads to come to rest"
    : `watching whether ${names.join(", ")} stays healthy`;
}

function fetchOutcome({ sync }: SyncDeps): SyncOutcome {
  const { desired, status: { error } } = sync;
  const revision = desired?.revision ?? null;
  if (error !== null) return { ok: false, revision, message: error.message, hint: error.hint };
  const at = revision === null ? "nothing" : shortId(revision);
  return { ok: true, revision, message: `the repository is at ${at}`, hint: null };
}
