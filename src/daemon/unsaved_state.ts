/** What follows when the state cannot be saved, and when it can be again. */
import { logger } from "../log.ts";
import type { Snapshot } from "../model/snapshot.ts";
import { isoTime } from "../model/iso_timestamp.ts";
import type { OperationDeps } from "../operations/operation_deps.ts";
import type { Unsaved } from "../store/unsaved_reason.ts";

const log = logger("daemon");

type UnsavedStateDeps = Pick<OperationDeps, "disk" | "events" | "feed" | "executor" | "vault" | "sync" | "reconciler">;

/** Reports each change at once. When the disk takes writes again, tries everything that it refused. */
export function watchUnsavedState({ disk, events, feed, executor, vault, sync, reconciler }: UnsavedStateDeps): void {
  disk.watch((unsaved) => {
    if (unsaved !== null) {
      events.add({ workload: null, reason: unsaved.reason, message: unsaved.message });
    } else {
      events.add({ workload: null, reason: "running", message: "the disk can be written again: all is saved" });
      executor.retries.clearForDisk();
      vault.retry().then((isNew) => {
        if (isNew) sync.requestReload();
        else sync.request();
        reconciler.request();
      }).catch((error) => log.error("the identity cannot be read: {error}", { error }));
    }
    feed.notify();
  });
}

/** Converts for the snapshot. */
export function unsavedStatus(unsaved: Unsaved | null): Snapshot["device"]["state_unsaved"] {
  if (unsaved === null) return null;
  const { since, reason, message, hint } = unsaved;
  return { since: isoTime(since), reason, message, hint };
}
