/** The current snapshot, and who is notified when it changes. */
import type { Snapshot } from "../model/snapshot.ts";
import { type LiveValues, type ReconciledSnapshot, withLiveValues } from "./build_snapshot.ts";

export interface SnapshotFeedOptions {
  /** Shown until the first reconcile. */
  initial: ReconciledSnapshot;
  /** Returns the values of now. */
  live(): LiveValues;
  /** Called after every change, after the subscribers. Does not count as a reader. */
  onNotify(): void;
}

export class SnapshotFeed {
  readonly #options: SnapshotFeedOptions;
  readonly #listeners = new Set<() => void>();
  #published: ReconciledSnapshot;

  constructor(options: SnapshotFeedOptions) {
    this.#options = options;
    this.#published = options.initial;
  }

  /** The snapshot of the last reconcile with the values of now. */
  get current(): Snapshot {
    return withLiveValues(this.#published, this.#options.live());
  }

  /** The snapshot of the last reconcile. */
  get published(): ReconciledSnapshot {
    return this.#published;
  }

  /** Whether somebody reads the snapshots as they change. */
  get isWatched(): boolean {
    return this.#listeners.size > 0;
  }

  /** Takes the snapshot of a reconcile. Notifies nobody yet. */
  publish(snapshot: ReconciledSnapshot): void {
    this.#published = snapshot;
  }

  /** Tells everybody that the snapshot, or a live value, changed. */
  notify(): void {
    for (const listener of this.#listeners) listener();
    this.#options.onNotify();
  }

  /** Calls `listener` after every change, until the returned function is called. */
  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
