/** State of the repository as this device knows it, with one method for each change. The only writer of that state. */
import { dirname } from "node:path";
import { canonical } from "../model/fingerprint.ts";
import { type ForcePush, readSourceState, type SourceState, writeSourceState } from "./source_state.ts";
import { StateDisk } from "./state_writer.ts";

/** Number of revisions back for which the signer is known: the applied revision, and those between it and the next. */
const MAX_SIGNERS = 5;

/** Where the applied revision comes from. A later difference is a reason to ask before anything is removed. */
export type SourceIdentity = Pick<SourceState, "url" | "branch" | "device" | "labels">;

export class SourceRecord {
  readonly #file: { path: string; disk: StateDisk } | null;
  #state: SourceState;

  private constructor(state: SourceState, file: { path: string; disk: StateDisk } | null) {
    this.#state = state;
    this.#file = file;
  }

  /** Reads the state, or begins with none of `identity`. */
  static async open(
    path: string,
    { disk, identity }: { disk?: StateDisk; identity: Pick<SourceState, "url" | "branch" | "device"> },
  ): Promise<SourceRecord> {
    const known = disk ?? new StateDisk({ root: dirname(path) });
    const revisions = { seen: null, attempted: null, applied: null, healthy: null };
    const state = await readSourceState(path, known) ?? { ...identity, ...revisions, pruneConfirmed: null };
    return new SourceRecord(state, { path, disk: known });
  }

  /** Makes a record of a copy of `state` that is never written: for a preview. */
  static inMemory(state: SourceState): SourceRecord {
    return new SourceRecord(structuredClone(state), null);
  }

  get current(): Readonly<SourceState> {
    return this.#state;
  }

  /** Writes the state when the disk takes it. Never rejects. */
  async save(): Promise<void> {
    if (this.#file !== null) await writeSourceState(this.#file.path, this.#state, this.#file.disk);
  }

  /** Records the head of the branch. */
  recordSeen(revision: string): void {
    this.#state.seen = revision;
  }

  /** Records the revision that is read next. */
  recordAttempted(revision: string): void {
    this.#state.attempted = revision;
  }

  /** Records who signed a revision. */
  recordSigner(revision: string, signer: string): void {
    const others = (this.#state.signed ?? []).filter((entry) => entry.revision !== revision);
    this.#state.signed = [...others, { revision, signer }].slice(-MAX_SIGNERS);
  }

  /** Records a head that does not descend from the applied revision, until the operator accepts it. */
  recordForcePush(forcePush: ForcePush): void {
    this.#state.rewound = forcePush;
  }

  clearForcePush(): void {
    delete this.#state.rewound;
  }

  /** Accepts the recorded force-push, and saves. */
  async acceptForcePush(forcePush: ForcePush): Promise<void> {
    this.#state.accepted = forcePush;
    this.clearForcePush();
    await this.save();
  }

  /** Records that Docker has answered on this device, so that manifests which need Docker select it. */
  recordDocker(): void {
    this.#state.hasDocker = true;
  }

  /** Lets the removals of this revision go ahead. */
  confirmRemovals(revision: string): void {
    this.#state.pruneConfirmed = revision;
  }

  /** Lets this revision be applied outside of maintenance windows. */
  openWindows(revision: string): void {
    this.#state.windowsOpenFor = revision;
  }

  /** Records a revision that was rolled back as a whole, and saves. */
  async quarantine(revision: { revision: string; message: string }): Promise<void> {
    this.#state.refused = revision;
    await this.save();
  }

  /** Records that a revision is applied, and healthy unless `healthy` is false. Saves when that is new. */
  async recordApplied(
    revision: string,
    { healthy, identity }: { healthy: boolean; identity: SourceIdentity },
  ): Promise<void> {
    const before = canonical(this.#state);
    Object.assign(this.#state, { ...identity, applied: revision });
    if (healthy) this.#state.healthy = revision;
    if (canonical(this.#state) !== before) await this.save();
  }

  /** Sets the applied revision back to the last healthy one, and saves. */
  async retractApplied(): Promise<void> {
    this.#state.applied = this.#state.healthy;
    await this.save();
  }
}
