/**
 * A repository on this device, bare or not, read where it lies: what is committed on the branch, never the working
 * tree. Nothing is copied and nothing written, and no git program is needed.
 */
import fs from "node:fs";
import { join, resolve } from "node:path";
import git from "isomorphic-git";
import { asFailure, Failure } from "../failure.ts";
import { descendsFrom } from "./git_ancestry.ts";
import { branchMissing, repositoryEmpty, sha256Unsupported } from "./git_failure.ts";
import { openRevision, verify } from "./git_tree.ts";
import type { Admission, Revision, Source, SourceProgress } from "./source.ts";

export interface LocalSourceOptions {
  /** Absolute. */
  dir: string;
  branch: string;
  path: string;
  admit?: Admission;
}

export class LocalSource implements Source {
  readonly url: string;
  readonly branch: string;
  readonly path: string;

  readonly #admit: Admission;

  constructor({ dir, branch, path, admit = async () => {} }: LocalSourceOptions) {
    this.url = dir;
    this.branch = branch;
    this.path = path;
    this.#admit = admit;
  }

  async head(signal: AbortSignal): Promise<string> {
    signal.throwIfAborted();
    return await this.#explained(async () => (await this.#resolve()).id);
  }

  async fetch(id: string, progress: SourceProgress, signal: AbortSignal): Promise<Revision> {
    return await this.#explained(async () => {
      const { gitdir } = await this.#resolve();
      progress("reading the repository");
      return await this.#open(gitdir, id, signal);
    }, signal);
  }

  /** The branch as it is: a repository on this device needs no network. */
  async lastFetched(): Promise<Revision | null> {
    return await this.#explained(async () => {
      const { gitdir, id } = await this.#resolve();
      return await this.#open(gitdir, id, new AbortController().signal);
    });
  }

  async #open(gitdir: string, id: string, signal: AbortSignal): Promise<Revision> {
    const store = { gitdir, url: this.url };
    const revision = await openRevision(store, { id, path: this.path });
    await verify(store, revision, signal);
    await this.#admit(revision, { descendsFrom: (ancestor) => descendsFrom(gitdir, { id, ancestor }) });
    return revision;
  }

  async #resolve(): Promise<{ gitdir: string; id: string }> {
    const gitdir = await findGitDir(this.url);
    if (gitdir === null) {
      throw new Failure(`There is no git repository at "${this.url}"`, {
        kind: "mistake",
        reason: "repo_not_found",
        hint: 'check [repo] url; "git init" makes a repository',
      });
    }
    await refuseUnreadable(gitdir, this.url);
    const ref = `refs/heads/${this.branch}`;
    const id = await git.resolveRef({ fs, gitdir, ref }).catch(async (error) => {
      if (!(error instanceof git.Errors.NotFoundError)) throw error;
      const branches = await git.listBranches({ fs, gitdir });
      if (branches.length === 0) throw repositoryEmpty(this.url);
      throw branchMissing(this.url, this.branch, (await git.currentBranch({ fs, gitdir, test: true })) ?? null);
    });
    return { gitdir, id };
  }

  /** Repacking removes and replaces files while they are read: tried again, not a mistake. */
  async #explained<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (error instanceof Failure) throw error;
      if (signal?.aborted) throw signal.reason;
      throw new Failure(`The repository "${this.url}" cannot be read: ${asFailure(error).message}`, {
        kind: "transient",
        reason: "repo_invalid",
        hint: 'run "git fsck" in it',
      });
    }
  }
}

/** The directory with `objects` and `refs`: of a bare repository, a working tree, or a linked worktree. */
async function findGitDir(dir: string): Promise<string | null> {
  const dotGit = join(dir, ".git");
  const info = await Deno.stat(dotGit).catch(() => null);
  if (info?.isDirectory) return dotGit;
  if (info?.isFile) {
    const target = /^gitdir: (.*)/.exec(await Deno.readTextFile(dotGit))?.[1];
    if (target === undefined) return null;
    const linked = resolve(dir, target);
    // Branches and objects of a linked worktree lie in the repository that it was made from.
    const common = await Deno.readTextFile(join(linked, "commondir")).catch(() => null);
    return common === null ? linked : resolve(linked, common.trim());
  }
  const bare = await Deno.stat(join(dir, "objects")).catch(() => null);
  return bare?.isDirectory ? dir : null;
}

/** Forms of repository that would otherwise look empty or damaged. */
async function refuseUnreadable(gitdir: string, url: string): Promise<void> {
  const format = await git.getConfig({ fs, gitdir, path: "extensions.objectformat" });
  if (format !== undefined && format !== "sha1") throw sha256Unsupported(url);
  const refs = await git.getConfig({ fs, gitdir, path: "extensions.refstorage" });
  const unsupported = refs !== undefined && refs !== "files"
    ? `keeps its branches as "${refs}"`
    : await Deno.stat(join(gitdir, "objects/info/alternates")).then(() => "borrows objects from another", () => null);
  if (unsupported === null) return;
  throw new Failure(`The repository "${url}" ${unsupported}, which is not supported`, {
    kind: "mistake",
    reason: "repo_invalid",
    hint: 'make an ordinary clone of it with "git clone --bare --no-local"',
  });
}
