/**
 * A repository, wherever it is. One look is one small request; a new revision is fetched alone by a process of its own,
 * without history and without a checkout, into a folder of its own. So a rewritten branch, a damaged folder and an
 * ordinary push are the same case, nothing piles up, and the daemon never holds more than the file that it reads.
 */
import type { Clock } from "../clock.ts";
import { asFailure, Failure } from "../failure.ts";
import { runWorker, WorkerFailure } from "./git_worker/run_worker.ts";
import { CacheDirectory, type FreeSpace } from "./cache/cache_directory.ts";
import { cachedRevision, verifyContent } from "./cache/cached_revision.ts";
import { readRecord, type RevisionRecord } from "./cache/revision_record.ts";
import { MAX_PACK_BYTES, MAX_SILENCE_MS } from "./fetch_limits.ts";
import type { WorkerRemote } from "./git_worker/worker_request.ts";
import { exceededLimits } from "./exceeded_limits.ts";
import { toFailure } from "./to_failure.ts";
import { overLimits } from "./git_failure.ts";
import { type Ref, refText } from "../model/git_ref.ts";
import type { Revision, RevisionVerifier, Source, SourceProgress } from "./source.ts";
import { withDeadline } from "../async/deadline.ts";

/** What differs between a repository behind a network and one on this device. */
export interface GitEndpoint {
  /** The commit that the ref is at. */
  head(signal: AbortSignal): Promise<string>;
  /** How the git process gets there. `id` is the commit that is asked for, where it is known. */
  origin(id: string): Promise<WorkerRemote>;
}

export interface GitSourceOptions {
  /** Clean. */
  url: string;
  ref: Ref;
  path: string;
  place: GitEndpoint;
  /** Never in an error. */
  secret: string | null;
  /** Of one `head` or `fetch` as a whole. */
  timeoutMs: number;
  /** Where the files of the last revision are kept. Nobody else writes there. */
  gitDir: string;
  clock: Clock;
  /** Of all that a fetch may receive. */
  budgetBytes?: number;
  /** What a fetch leaves free on the disk; 0 when absent. */
  diskReserveBytes?: number;
  admit?: RevisionVerifier;
}

/** A quota that was raised shows in no number of free blocks. */
const MAX_WITHOUT_ROOM_MS = 5 * 60_000;

export class GitSource implements Source {
  readonly url: string;
  readonly branch: string;
  readonly ref: Ref;
  readonly path: string;
  readonly #directory: CacheDirectory;
  #recovered = false;
  /** A revision that was not let in: asked about again before it is fetched again. */
  #refused: Revision | null = null;
  /** A revision that cannot be used until somebody pushes: not fetched again just to find the same. */
  #unusable: { id: string; failure: Failure } | null = null;
  /** A revision that the disk had no room for, and how much there was then: not received again before there is more. */
  #withoutRoom: { id: string; failure: Failure; free: FreeSpace; until: number } | null = null;

  /** Private at run time too: what is shown or serialised of this object holds no token. */
  readonly #options: GitSourceOptions;

  constructor(options: GitSourceOptions) {
    this.#options = options;
    this.url = options.url;
    this.ref = options.ref;
    this.branch = refText(options.ref);
    this.path = options.path;
    this.#directory = new CacheDirectory(options.gitDir);
  }

  head(signal: AbortSignal): Promise<string> {
    return this.#bounded(signal, (over) => this.#options.place.head(over));
  }

  fetch(id: string, progress: SourceProgress, signal: AbortSignal): Promise<Revision> {
    return this.#bounded(signal, async (over) => {
      if (this.#unusable?.id === id) throw this.#unusable.failure;
      if (this.#refused?.id === id) await this.#admit(this.#refused, over);
      await this.#recover();
      const held = await this.#held(id, over);
      if (held !== null) return held;
      await this.#throwWithoutRoom(id);
      return await this.#download(id, progress, over);
    });
  }

  lastFetched(): Promise<Revision | null> {
    return this.#bounded(new AbortController().signal, async (over) => {
      await this.#recover();
      const record = await this.#directory.holding();
      if (record === null || !this.#isOurs(record)) return null;
      return await this.#admitted(this.#directory.path, record, over);
    });
  }

  async #recover(): Promise<void> {
    if (this.#recovered) return;
    await this.#directory.recover();
    this.#recovered = true;
  }

  /** The revision from disk; null when it is not there whole, whatever the cause: then it is fetched. */
  async #held(id: string, signal: AbortSignal): Promise<Revision | null> {
    const record = await this.#directory.holding();
    if (record === null || record.id !== id || record.path !== this.path) return null;
    try {
      await verifyContent(this.#directory.path, record, signal);
    } catch {
      signal.throwIfAborted();
      return null;
    }
    const revision = await this.#admitted(this.#directory.path, record, signal);
    if (this.#isOurs(record)) return revision;
    await this.#directory.relabel({ ...record, url: this.url, ref: this.branch });
    return revision;
  }

  async #download(seen: string, progress: SourceProgress, signal: AbortSignal): Promise<Revision> {
    const dir = await this.#directory.prepareNext();
    let id = seen;
    try {
      const { ref, path } = this;
      const origin = await this.#options.place.origin(seen);
      id = await runWorker({ op: "fetch", origin, ref, path, dir, ...this.#bounds() }, { progress, signal });
      const record = await readRecord(dir);
      if (record?.id !== id) throw new TypeError(`the git process left no record of ${id} in ${dir}`);
      await this.#admitted(dir, record, signal);
      await this.#directory.swap();
      return cachedRevision(this.#directory.path, record);
    } catch (error) {
      await this.#directory.discardNext().catch(() => {});
      if (error instanceof WorkerFailure) id = error.id ?? id;
      if (isOfRevision(error)) this.#unusable = { id, failure: error };
      await this.#rememberRoom(seen, error);
      throw error;
    }
  }

  async #rememberRoom(id: string, error: unknown): Promise<void> {
    const failure = toFailure(error, { url: this.url, secret: this.#options.secret });
    const free = await this.#directory.freeSpace();
    const until = this.#options.clock.monotonic() + MAX_WITHOUT_ROOM_MS;
    this.#withoutRoom = failure.reason === "disk_full" && free !== null ? { id, failure, free, until } : null;
  }

  async #throwWithoutRoom(id: string): Promise<void> {
    const known = this.#withoutRoom;
    const free = known?.id === id ? await this.#directory.freeSpace() : null;
    if (known === null || free === null || this.#options.clock.monotonic() > known.until) return;
    if (free.bytes <= known.free.bytes && free.files <= known.free.files) throw known.failure;
  }

  /**
   * Returns the revision in `dir`, checked and admitted. The record is compared with the limits before any content is
   * read: another version, with other limits, may have written it.
   */
  async #admitted(dir: string, record: RevisionRecord, signal: AbortSignal): Promise<Revision> {
    const excess = exceededLimits(record.entries);
    if (excess.length > 0) throw overLimits(this.url, excess);
    await verifyContent(dir, record, signal);
    const revision = cachedRevision(dir, record);
    await this.#admit(revision, signal);
    return revision;
  }

  async #admit(revision: Revision, signal: AbortSignal): Promise<void> {
    const descendsFrom = async (id: string) => id === revision.id || await this.#descends(revision.id, id, signal);
    this.#refused = revision;
    await this.#options.admit?.(revision, { isAncestor: descendsFrom });
    this.#refused = null;
  }

  async #descends(tip: string, ancestor: string, signal: AbortSignal): Promise<boolean> {
    const dir = await this.#directory.prepareScratch();
    try {
      const origin = await this.#options.place.origin(tip);
      return await runWorker({ op: "descends", origin, tip, ancestor, dir, ...this.#bounds() }, { signal }) === "true";
    } finally {
      await this.#directory.discardScratch().catch(() => {});
    }
  }

  #bounds() {
    const { timeoutMs, budgetBytes = MAX_PACK_BYTES, diskReserveBytes: reserveBytes = 0 } = this.#options;
    return { budgetBytes, reserveBytes, silenceMs: Math.min(MAX_SILENCE_MS, timeoutMs) };
  }

  #isOurs({ url, ref, path }: RevisionRecord): boolean {
    return url === this.url && ref === this.branch && path === this.path;
  }

  /** Ends with the source's own timeout, whoever calls; every error is a `Failure`, or the caller's own abort. */
  async #bounded<T>(signal: AbortSignal, work: (over: AbortSignal) => Promise<T>): Promise<T> {
    const { clock, timeoutMs: ms, secret } = this.#options;
    try {
      return await withDeadline({ clock, ms, signals: [signal], late: () => this.#late() }, work);
    } catch (error) {
      if (signal.aborted && !isTimeout(signal.reason)) throw signal.reason;
      throw isTimeout(error) ? this.#late() : toFailure(error, { url: this.url, secret });
    }
  }

  #late(): Failure {
    const message = `The server of "${this.url}" did not finish within ${this.#options.timeoutMs / 1000} s`;
    return new Failure(message, { kind: "transient", reason: "repo_unreachable" });
  }
}

/** Whether it is this very commit that has to be replaced by another. */
function isOfRevision(error: unknown): error is Failure {
  const failure = asFailure(error);
  const isElsewhere = ["auth_failed", "repo_not_found", "repo_empty", "branch_not_found", "ref_not_found"];
  return error instanceof Failure && failure.kind === "mistake" && !isElsewhere.includes(failure.reason);
}

function isTimeout(reason: unknown): boolean {
  return reason instanceof DOMException && reason.name === "TimeoutError";
}
