/** What the reconciler needs of the synchronization. */
import type { Desired } from "../model/desired.ts";
import type { SourceProgress } from "../status/build_snapshot.ts";

export interface DesiredStateSource {
  /** Desired state; null until a revision was loaded. */
  readonly desired: Desired | null;
  /** Asks for a sync that loads the revision again. */
  requestReload(): void;
  /** Notes that desired state was planned once: it no longer can be what ended the daemon. */
  confirmProcessed(desired: Desired): Promise<void>;
  /** State of the source for the snapshot. */
  sourceProgress(): SourceProgress;
}
