/** How much a repository may ask of a device. Git content is untrusted: each of these ends a fetch with a sentence. */

/** Files and folders below `[repo] path`, each. A fleet has hundreds; beyond this somebody committed a source tree. */
export const MAX_ENTRIES = 10_000;

/**
 * Content of all files below `[repo] path`. A content under several paths counts once for each path, since each path is
 * loaded or written by itself. A small board reads this much within its timeout.
 */
export const MAX_CONTENT_BYTES = 256 * 1024 * 1024;

/** A path below `[repo] path`, in bytes of UTF-8. Linux allows 4096 for a whole path, data_dir included. */
export const MAX_PATH_BYTES = 1024;

/** Folders in each other below `[repo] path`. */
export const MAX_DEPTH = 32;

/** A commit object: headers, signature and message. The longest merge messages of Linux have 100 KB. */
export const MAX_COMMIT_BYTES = 1024 * 1024;

/** The record of a revision on the disk: `MAX_ENTRIES` paths of `MAX_PATH_BYTES`, their ids and places, and a commit. */
export const MAX_RECORD_BYTES = 32 * 1024 * 1024;

/** A file that is read into memory as a whole. Larger files are read in chunks. */
export const MAX_READ_BYTES = 1024 * 1024;

/** Of all answers in one fetch. The whole pack is held in memory while it is indexed. */
export const MAX_PACK_BYTES = 512 * 1024 * 1024;

/** To the first byte of an answer, and between two chunks of it: longer than the slowest healthy forge takes to count objects. */
export const MAX_SILENCE_MS = 30_000;

/** Forges answer a renamed repository with one redirect; more than this is a loop. */
export const MAX_REDIRECTS = 5;

/**
 * Of the process that unpacks a repository. Twice the largest content would fit, and it is still less than what would
 * have a board of 2 GiB swap.
 */
export const MAX_CHILD_MEMORY_BYTES = 1024 * 1024 * 1024;
