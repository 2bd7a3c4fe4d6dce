/**
 * The contract of a source: where desired state comes from. A source never decides anything: it answers with a verified,
 * read-only set of files or throws a `Failure` (reason and sentence, no credentials in it).
 */

import type { Ref } from "../model/git_ref.ts";

/** One name in the tree of a revision. */
export interface TreeEntry {
  /** Relative to `[repo] path`, with "/" between names. */
  path: string;
  /**
   * Symlinks and submodules are listed, never followed. A pointer is a file whose content Git LFS keeps elsewhere: what
   * can be read is the pointer itself.
   */
  type: "file" | "symlink" | "submodule" | "pointer";
  executable: boolean;
  /** Git's blob id, or for a plain folder one computed the same way. */
  oid: string;
  /** Of the content, in bytes; 0 for a submodule. Known before anything of the content is read. */
  size: number;
}

export interface Revision {
  /** The commit id. */
  id: string;
  subject: string;
  author: string;
  /** Milliseconds since 1970. */
  committedAt: number;
  /** The commit as git stores and signs it: headers, an empty line, the message. */
  commit: Uint8Array;
  /** Sorted by path; only what lies below `[repo] path`. */
  entries: TreeEntry[];
  /**
   * Returns the content of a file of this revision; a symlink's is its target. Works until the next `fetch` of its
   * source brings another revision. Throws a `Failure` for a file over 1 MiB, which only `chunks` reads.
   */
  read(entry: TreeEntry): Promise<Uint8Array>;
  /**
   * Yields the content in pieces of at most 256 KiB; a piece is valid until the next one is asked for. Throws a
   * `Failure` at the end where the content is not what the blob id says: the caller then discards all pieces.
   */
  chunks(entry: TreeEntry): AsyncIterable<Uint8Array>;
}

/** What a revision came after, as far as its server tells. */
export interface Ancestry {
  /**
   * Whether `id` is the revision itself or one that it came after, through any number of commits. Throws a `Failure`
   * when that cannot be found out. May fetch commits, never files.
   */
  isAncestor(id: string): Promise<boolean>;
}

/**
 * Asked for each revision before it takes the place of the one before, and for the one on disk at each start. Throws a
 * `Failure` for one that must not be used: then the one before stays, and no file of it is read by anybody.
 */
export type RevisionVerifier = (revision: Revision, ancestry: Ancestry) => Promise<void>;

export type SourceProgress = (message: string) => void;

export interface Source {
  /** The URL without credentials or query. */
  readonly url: string;
  /** What is followed, in one word: a branch's name, or as `[repo] ref` has it. */
  readonly branch: string;
  readonly ref: Ref;
  readonly path: string;
  /** The id of the commit that is followed, cheaply: one small request, nothing written. */
  head(signal: AbortSignal): Promise<string>;
  /**
   * The revision, whole, verified and admitted. When the branch has moved on since `head`, the revision that it is at now: the id
   * in the answer says which. A half-made earlier try never harms; the previous one stays until this is whole.
   */
  fetch(id: string, progress: SourceProgress, signal: AbortSignal): Promise<Revision>;
  /**
   * What is on this device already, without any network: the revision that the last `fetch` brought, checked again.
   * Null when there is none of this URL, ref and path. Throws a `Failure` when it is damaged or not admitted.
   */
  lastFetched(): Promise<Revision | null>;
}
