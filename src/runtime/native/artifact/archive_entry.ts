/** One thing in an archive, as the archive says it: nothing of it is to be believed. */
export type ArchiveEntry =
  | { type: "folder"; path: string }
  | {
    type: "file";
    path: string;
    executable: boolean;
    /** As announced; there may be more or less. */
    size: number;
    /** To be read before the next entry is asked for, or not at all. */
    body: () => Promise<AsyncIterable<Uint8Array>>;
  }
  | { type: "symlink" | "hardlink"; path: string; target: string }
  /** A device, a pipe: nothing that an artifact may bring. */
  | { type: "other"; path: string; what: string };

export interface ArchiveOptions {
  /** Of everything together, unpacked. */
  maxBytes: number;
  signal: AbortSignal;
}
