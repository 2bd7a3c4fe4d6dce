/** How much a release may ask of a device: a server can be anybody's until its answer is verified. */

/** Five lines. */
export const MAX_SUMS_BYTES = 64 * 1024;
/** Of the largest key it has a quarter of this. */
export const MAX_SIGNATURE_BYTES = 16 * 1024;
/** Twice what an executable has, packed and unpacked. */
export const MAX_PACKED_BYTES = 128 * 1024 ** 2;
export const MAX_EXECUTABLE_BYTES = 384 * 1024 ** 2;
/** Unpacked for packed, with room: what is looked for on the disk before anything is written. */
export const UNPACKED_RATIO = 4;
/** What must stay free on the disk. */
export const SPARE_BYTES = 64 * 1024 ** 2;

/** Release pages redirect once or twice; more than this is a loop. */
export const MAX_REDIRECTS = 5;
/** Without a byte for this long, a server is taken for hung. */
export const MAX_SILENCE_MS = 30_000;
/** Of one file. A server that sends a byte a second must not hold the next try back for ever. */
export const MAX_DOWNLOAD_MS = 30 * 60_000;
/** Of an executable that is asked who it is: an emulated processor takes five seconds. */
export const MAX_ANSWER_MS = 60_000;
