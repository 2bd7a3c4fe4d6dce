/**
 * A repository behind http or https. One look is one small request; a new revision is fetched alone, without history
 * and without a checkout, into a directory of its own. So a rewritten branch, a damaged directory and an ordinary push
 * are the same case, and no packs pile up.
 */
import fs from "node:fs";
import git from "isomorphic-git";
import type { Clock } from "../clock.ts";
import { asFailure, Failure } from "../failure.ts";
import { FetchedDirectory } from "./fetched_directory.ts";
import { descendsFrom } from "./git_ancestry.ts";
import { branchMissing, repositoryEmpty } from "./git_failure.ts";
import { GitHttp } from "./git_http.ts";
import { openRevision, verify } from "./git_tree.ts";
import { MAX_PACK_BYTES, MAX_SILENCE_MS } from "./limits.ts";
import type { Credentials } from "./location.ts";
import { redact } from "./redact.ts";
import { authorizer, remoteHead } from "./remote_head.ts";
import type { Admission, Ancestry, Revision, Source, SourceProgress } from "./source.ts";
import { withDeadline } from "./within.ts";

export interface GitSourceOptions {
  /** Clean. */
  url: string;
  branch: string;
  path: string;
  credentials: Credentials | null;
  /** Of one `head` or `fetch` as a whole. */
  timeoutMs: number;
  /** Where the objects of the last revision are kept. Nobody else writes there. */
  gitDir: string;
  clock: Clock;
  /** Of all that a fetch may receive. */
  budgetBytes?: number;
  admit?: Admission;
}

/** How long a broken fetch may take to notice it, before what it wrote is cleared away regardless. */
const SETTLE_MS = 5_000;

export class GitSource implements Source {
  readonly url: string;
  readonly branch: string;
  readonly path: string;
  readonly #directory: FetchedDirectory;
  #recovered = false;
  /** A revision that cannot be used until somebody pushes: not fetched again just to find the same. */
  #unusable: { id: string; failure: Failure } | null = null;
  /** What was not admitted: asked about again, and not fetched again as long as the answer is the same. */
  #refused: Revision | null = null;

  /** Private at run time too: what is shown or serialised of this object holds no token. */
  readonly #options: GitSourceOptions;

  constructor(options: GitSourceOptions) {
    this.#options = options;
    this.url = options.url;
    this.branch = options.branch;
    this.path = options.path;
    this.#directory = new FetchedDirectory(options.gitDir);
  }

  head(signal: AbortSignal): Promise<string> {
    return this.#bounded(signal, (over) => remoteHead(this.#http(over), this.#options));
  }

  fetch(id: string, progress: SourceProgress, signal: AbortSignal): Promise<Revision> {
    return this.#bounded(signal, async (over) => {
      if (this.#unusable?.id === id) throw this.#unusable.failure;
      if (this.#refused?.id === id) await this.#admit(this.#refused, this.#ancestry(id, over));
      await this.#recover();
      const held = await this.#held(id, over);
      if (held === null) return await this.#download(id, progress, over);
      await this.#admit(held, this.#ancestry(id, over));
      return held;
    });
  }

  async lastFetched(): Promise<Revision | null> {
    await this.#recover();
    const holding = await this.#directory.holding();
    if (holding === null || holding.url !== this.url || holding.branch !== this.branch) return null;
    try {
      const signal = new AbortController().signal;
      const revision = await this.#open(this.#directory.path, holding.id, signal);
      const gitdir = this.#directory.path;
      await this.#admit(revision, { descendsFrom: (ancestor) => descendsFrom(gitdir, { id: revision.id, ancestor }) });
      return revision;
    } catch (error) {
      throw this.#explain(error);
    }
  }

  async #admit(revision: Revision, ancestry: Ancestry): Promise<void> {
    this.#refused = revision;
    await this.#options.admit?.(revision, ancestry);
    this.#refused = null;
  }

  /** All of the branch's history is fetched for it, into a folder that is gone afterwards. */
  #ancestry(id: string, signal: AbortSignal): Ancestry {
    const gitdir = `${this.#options.gitDir}.history`;
    return {
      descendsFrom: async (ancestor) => {
        if (ancestor === id) return true;
        try {
          await Deno.mkdir(gitdir, { recursive: true });
          await this.#receive(gitdir, { depth: null, progress: () => {} }, signal);
          return await descendsFrom(gitdir, { id, ancestor });
        } finally {
          await Deno.remove(gitdir, { recursive: true }).catch(() => {});
        }
      },
    };
  }

  async #recover(): Promise<void> {
    if (this.#recovered) return;
    await this.#directory.recover();
    this.#recovered = true;
  }

  /** The revision from disk; null when it is not there whole, whatever the cause: then it is fetched. */
  async #held(id: string, signal: AbortSignal): Promise<Revision | null> {
    const holding = await this.#directory.holding();
    if (holding?.id !== id) return null;
    try {
      const revision = await this.#open(this.#directory.path, id, signal);
      if (holding.url !== this.url || holding.branch !== this.branch) await this.#directory.relabel(this.#holding(id));
      return revision;
    } catch (error) {
      if (error instanceof Failure && error.kind === "mistake") throw error;
      signal.throwIfAborted();
      return null;
    }
  }

  async #download(seen: string, progress: SourceProgress, signal: AbortSignal): Promise<Revision> {
    const next = await this.#directory.prepareNext();
    let id = seen;
    try {
      id = await this.#receive(next, { depth: 1, progress }, signal);
      progress("checking what was received");
      await this.#admit(await this.#open(next, id, signal), this.#ancestry(id, signal));
      await this.#directory.swap(this.#holding(id));
      return await openRevision({ gitdir: this.#directory.path, url: this.url }, { id, path: this.path });
    } catch (error) {
      await this.#directory.discardNext().catch(() => {});
      if (isMistakeInContent(error)) this.#unusable = { id, failure: error };
      throw error;
    }
  }

  /** The id of the branch, whose objects are then in `gitdir`; not yet known to be whole. */
  async #receive(
    gitdir: string,
    { depth, progress }: { depth: 1 | null; progress: SourceProgress },
    signal: AbortSignal,
  ): Promise<string> {
    const { branch, credentials, url } = this.#options;
    const http = this.#http(signal);
    // In full, or a tag of the same name would win.
    const ref = `refs/heads/${branch}`;
    await git.init({ fs, gitdir, bare: true });
    // The clean URL, since it is written to the directory's config.
    await git.addRemote({ fs, gitdir, remote: "origin", url });
    const fetching = git.fetch({
      fs,
      gitdir,
      http,
      remote: "origin",
      ref,
      remoteRef: ref,
      singleBranch: true,
      ...(depth === null ? {} : { depth }),
      tags: false,
      cache: {},
      onProgress: reportTo(progress),
      ...authorizer(credentials),
    });
    try {
      const { fetchHead } = await Promise.race([fetching, http.failed]);
      if (fetchHead === null) throw repositoryEmpty(url);
      return fetchHead;
    } catch (error) {
      if (error instanceof git.Errors.NotFoundError && error.data.what === ref) throw branchMissing(url, branch, null);
      const settled = new AbortController();
      const ended = fetching.catch(() => {}).finally(() => settled.abort());
      await Promise.race([ended, this.#options.clock.sleep(SETTLE_MS, settled.signal).catch(() => {})]);
      throw error;
    }
  }

  async #open(gitdir: string, id: string, signal: AbortSignal): Promise<Revision> {
    const store = { gitdir, url: this.url };
    const revision = await openRevision(store, { id, path: this.path });
    await verify(store, revision, signal);
    return revision;
  }

  #holding(id: string) {
    return { id, url: this.url, branch: this.branch };
  }

  #http(signal: AbortSignal): GitHttp {
    const { url, credentials, timeoutMs, clock, budgetBytes = MAX_PACK_BYTES } = this.#options;
    const silenceMs = Math.min(MAX_SILENCE_MS, timeoutMs);
    return new GitHttp({ url, token: credentials?.token ?? null, silenceMs, budgetBytes, clock, signal });
  }

  /** Ends with the source's own timeout, whoever calls; every error is a `Failure`, or the caller's own abort. */
  async #bounded<T>(signal: AbortSignal, work: (over: AbortSignal) => Promise<T>): Promise<T> {
    const { clock, timeoutMs: ms } = this.#options;
    try {
      return await withDeadline({ clock, ms, signal, late: () => this.#late() }, work);
    } catch (error) {
      if (signal.aborted && !isTimeout(signal.reason)) throw signal.reason;
      throw this.#explain(error);
    }
  }

  #late(): Failure {
    const message = `The server of "${this.url}" did not finish within ${this.#options.timeoutMs / 1000} s`;
    return new Failure(message, { kind: "transient", reason: "repo_unreachable" });
  }

  #explain(error: unknown): Failure {
    if (error instanceof Failure) return error;
    if (isTimeout(error)) return this.#late();
    const text = redact(asFailure(error).message, this.#options.credentials?.token);
    if (text.includes("ENOSPC") || text.includes("No space left")) {
      return new Failure(`The disk is full: the repository "${this.url}" does not fit`, {
        kind: "refused",
        reason: "disk_full",
        hint: "free some space where data_dir is",
      });
    }
    return new Failure(`The repository "${this.url}" cannot be read: ${text}`, {
      kind: "transient",
      reason: "repo_invalid",
    });
  }
}

function isMistakeInContent(error: unknown): error is Failure {
  return error instanceof Failure && error.kind === "mistake" &&
    ["repo_invalid", "path_not_found"].includes(error.reason);
}

function isTimeout(reason: unknown): boolean {
  return reason instanceof DOMException && reason.name === "TimeoutError";
}

/** Passes each sentence on once: the library reports every object. */
function reportTo(progress: SourceProgress): (event: { phase: string; loaded: number; total: number }) => void {
  let last = "";
  return ({ phase, loaded, total }) => {
    const percent = total > 0 ? ` ${Math.floor(loaded / total * 100)} %` : "";
    const message = phase.toLowerCase() + percent;
    if (message !== last) progress(last = message);
  };
}
