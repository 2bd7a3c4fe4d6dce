/** How much a repository may ask of a device. Git content is untrusted: each of these ends a fetch with a sentence. */

/** Files and folders below `[repo] path`, each. A fleet has hundreds; beyond this somebody committed a source tree. */
export const MAX_ENTRIES = 10_000;

/** Content of all files below `[repo] path`, read once for the check; what a small board can read in its timeout. */
export const MAX_CONTENT_BYTES = 256 * 1024 * 1024;

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
