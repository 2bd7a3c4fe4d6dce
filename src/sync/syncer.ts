/**
 * Follows the repository: looks at the head, fetches a new revision, and loads it into desired state. Runs beside the
 * reconciler, so that a slow server delays nothing.
 */
import { Trigger } from "../async/trigger.ts";
import type { Clock } from "../clock.ts";
import { asFailure, type Failure } from "../failure.ts";
import { logger } from "../log.ts";
import type { Desired } from "../model/desired.ts";
import { shortId } from "../model/git_ref.ts";
import { isoTime } from "../model/iso_timestamp.ts";
import type { SourceStatus } from "../model/snapshot.ts";
import type { Workload } from "../model/workload.ts";
import type { EventLog } from "../reconciler/event_log.ts";
import type { Executor } from "../reconciler/executor/executor.ts";
import type { Observer } from "../reconciler/observer.ts";
import type { StateStore } from "../reconciler/state_store.ts";
import type { DesiredStateSource } from "../reconciler/desired_state_source.ts";
import type { SourceProgress } from "../status/build_snapshot.ts";
import type { Vault } from "../secrets/vault.ts";
import type { Settings } from "../settings/settings.ts";
import { nextPollInterval } from "../source/poll_interval.ts";
import type { Revision, Source } from "../source/source.ts";
import { RevisionDelayed } from "./commit_trailers.ts";
import type { CrashGuard } from "./crash_guard.ts";
import { hasRoomAgain, processRevision } from "./process_revision.ts";

const log = logger("sync");

export interface SyncerOptions {
  settings: Pick<Settings, "repo" | "limits" | "device" | "labels" | "runtime" | "trust">;
  source: Source;
  state: StateStore;
  observer: Observer;
  executor: Executor;
  vault: Vault;
  guard: CrashGuard;
  events: EventLog;
  clock: Clock;
  stopped: AbortSignal;
  /** Directory of the workloads' files. */
  filesDir: string;
  /** Called when `status` changed. */
  onProgress(): void;
  /** Called when a sync has ended, or desired state was loaded. */
  onEnd(): void;
}

/** What the snapshot shows of the synchronization. */
export type SyncStatus = Pick<SourceStatus, "sync" | "last_sync_at" | "progress" | "error" | "delayed">;

/** The only writer of desired state. */
export class Syncer implements DesiredStateSource {
  readonly #options: SyncerOptions;
  readonly #trigger: Trigger;
  #desired: Desired | null = null;
  #revision: Pick<Revision, "id" | "subject" | "author"> | null = null;
  #status: SyncStatus = { sync: "unknown", last_sync_at: null, progress: null, error: null, delayed: null };
  #syncCount = 0;
  #isSyncing = false;
  /** Whether the present revision must be loaded again: something that manifests select by, or a secret, changed. */
  #mustReload = false;
  /** Bytes that the files of workloads need and the disk does not have; null when all files fit. */
  #lackingBytes: number | null = null;

  constructor(options: SyncerOptions) {
    this.#options = options;
    this.#trigger = new Trigger(options.clock);
  }

  /** Desired state; null until a revision was loaded. Loading again makes another object. */
  get desired(): Desired | null {
    return this.#desired;
  }

  /** The revision that was loaded last. */
  get revision(): Pick<Revision, "id" | "subject" | "author"> | null {
    return this.#revision;
  }

  get status(): Readonly<SyncStatus> {
    return this.#status;
  }

  /** Number of syncs that have ended. */
  get syncCount(): number {
    return this.#syncCount;
  }

  get isSyncing(): boolean {
    return this.#isSyncing;
  }

  /** Asks for a sync now. */
  request(): void {
    this.#trigger.fire();
  }

  /** Asks for a sync that loads the revision again even when the head is the same. */
  requestReload(): void {
    this.#mustReload = true;
    this.#trigger.fire();
  }

  /** Notes that desired state was planned once: its revision no longer can be what ends the daemon. Never throws. */
  async confirmProcessed({ revision }: Desired): Promise<void> {
    await this.#options.guard.end(revision);
  }

  /** State of the source for the snapshot. */
  sourceProgress(): SourceProgress {
    const { settings, state } = this.#options;
    const { seen, attempted, applied, healthy, signed = [] } = state.source.current;
    const signer = settings.trust.verify === "none"
      ? undefined
      : signed.find(({ revision }) => revision === applied)?.signer;
    const { subject = null, author = null } = this.#revision ?? {};
    return { ...this.#status, seen, attempted, applied, healthy, subject, author, signer: signer ?? null };
  }

  /** Syncs until the daemon stops. Never throws. */
  async loop(): Promise<void> {
    const { settings: { repo: { intervalMs } }, stopped } = this.#options;
    let failures = 0;
    while (!stopped.aborted) {
      const failure = await this.sync();
      failures = failure === null ? 0 : failures + 1;
      const delayMs = nextPollInterval({ intervalMs, failures, failure, jitter: Math.random() });
      try {
        await this.#trigger.wait(delayMs, stopped);
      } catch {
        return;
      }
    }
  }

  /**
   * Loads desired state from the disk alone, so that a boot without network starts everything at once: the revision that
   * was fetched last, else the specs that were applied last. Leaves desired state unknown, and so every workload
   * untouched, when the disk holds neither.
   */
  async loadFromDisk(): Promise<void> {
    const { source, state, events } = this.#options;
    try {
      const revision = await source.lastFetched();
      if (revision !== null) {
        this.#desired = await this.#process(revision);
        this.#setRevision(revision);
        state.source.recordAttempted(revision.id);
        return;
      }
    } catch (error) {
      const { reason, message, hint, kind } = asFailure(error);
      log.warn("the revision on disk is not used: {message}", { message, reason });
      events.add({ workload: null, reason, message });
      this.#status.error = { reason, message, hint: hint ?? null, transient: kind === "transient" };
    }
    const applied = [...state.workloads.all.values()].flatMap((workload) => workload.applied ?? []);
    if (applied.length === 0) return;
    const workloads: Workload[] = applied.map(({ workload }) => workload).sort((a, b) => (a.name < b.name ? -1 : 1));
    // Not a revision of the repository: the first sync replaces it, whatever the head is.
    this.#desired = { revision: "last applied specs", workloads, invalid: [], notSelected: [] };
  }

  /** Syncs once. Desired state changes only when the whole new revision is on disk and loaded. Returns the failure. */
  async sync(): Promise<Failure | null> {
    const { settings, source, state, events, clock, stopped } = this.#options;
    const deadline = AbortSignal.any([stopped, AbortSignal.timeout(settings.repo.timeoutMs)]);
    let failure: Failure | null = null;
    this.#isSyncing = true;
    try {
      if (this.#desired === null) this.#show("looking at the repository");
      const head = await source.head(deadline);
      state.source.recordSeen(head);
      if (await this.#hasRoomAgain()) this.#mustReload = true;
      const isNew = this.#desired?.revision !== head || this.#mustReload;
      if (isNew && !this.#isStillDelayed(head)) await this.#take(head, deadline);
      if (this.#status.delayed?.revision !== head) this.#status.delayed = null;
      this.#status.sync = this.#status.delayed === null ? "synced" : "delayed";
      this.#status.error = null;
      this.#status.last_sync_at = isoTime(clock.now());
    } catch (error) {
      if (stopped.aborted) return null;
      if (error instanceof RevisionDelayed) this.#delay(error);
      else {
        failure = asFailure(error);
        const { reason, message, hint } = failure;
        if (this.#status.error?.message !== message) {
          log.error("{message}", { message, reason, hint: hint ?? "" });
          events.add({ workload: null, reason, message });
        }
        this.#status.sync = "failed";
        this.#status.error = { reason, message, hint: hint ?? null, transient: failure.kind === "transient" };
      }
    }
    this.#status.progress = null;
    this.#isSyncing = false;
    this.#syncCount++;
    await state.source.save();
    this.#options.onEnd();
    return failure;
  }

  /** A delayed revision is not fetched again before its time. */
  #isStillDelayed(head: string): boolean {
    const { delayed } = this.#status;
    return delayed?.revision === head &&
      (delayed.until === null || Date.parse(delayed.until) > this.#options.clock.now());
  }

  /** Workloads stay as the previous revision has them. A later sync may find that the time has come, or another head. */
  #delay({ reason, message, until }: RevisionDelayed): void {
    const { state, events, clock } = this.#options;
    if (this.#status.delayed?.message !== message) {
      log.info("{message}", { message });
      events.add({ workload: null, reason, message });
    }
    const revision = state.source.current.seen!;
    Object.assign(this.#status, {
      sync: "delayed",
      error: null,
      delayed: { revision, reason, message, until: until === null ? null : isoTime(until) },
      last_sync_at: isoTime(clock.now()),
    });
  }

  async #take(head: string, signal: AbortSignal): Promise<void> {
    const { source, state, executor, guard, events } = this.#options;
    const refusal = guard.refusal(head);
    if (refusal !== null) throw refusal;
    this.#show(`fetching revision ${shortId(head)}`);
    const revision = await source.fetch(head, (message) => this.#show(message), signal);
    this.#mustReload = false;
    const isKnown = this.#desired?.revision === revision.id;
    state.source.recordAttempted(revision.id);
    const desired = await this.#process(revision);
    this.#setRevision(revision);
    // A person who has just changed a spec wants it tried now.
    executor.retries.clearChanged(this.#desired?.workloads ?? [], desired.workloads);
    this.#desired = desired;
    this.#status.delayed = null;
    // Some files did not fit on the disk: that was reported, and the poll tries again.
    if (isKnown && this.#mustReload) return;
    const { id, subject } = revision;
    const count = desired.workloads.length;
    const message = `revision ${shortId(id)} "${subject}" asks for ${count} ${count === 1 ? "workload" : "workloads"}`;
    events.add({ workload: null, reason: "created", message });
    log.info("{message}", { message });
    for (const { path, problems } of desired.invalid) {
      log.warn('"{path}" has problems: {first}', { path, first: problems[0]?.message ?? "" });
    }
  }

  async #process(revision: Revision): Promise<Desired> {
    const processed = await processRevision(revision, { ...this.#options, before: this.#desired });
    this.#lackingBytes = processed.lackingBytes;
    // The same revision is loaded again until all of its files are on disk.
    if (processed.isRefused) this.#mustReload = true;
    return processed.desired;
  }

  #setRevision({ id, subject, author }: Revision): void {
    this.#revision = { id, subject, author };
  }

  async #hasRoomAgain(): Promise<boolean> {
    const { filesDir, settings } = this.#options;
    const { diskReserveBytes: reserveBytes } = settings.limits;
    return await hasRoomAgain(this.#lackingBytes, { directory: filesDir, reserveBytes });
  }

  #show(message: string): void {
    this.#status.sync = "syncing";
    this.#status.progress = message;
    this.#options.onProgress();
  }
}
