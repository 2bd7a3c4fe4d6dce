/** How much a download may ask of a device. What it is comes from git, which is untrusted: each of these ends it with a sentence. */

/** Of a download as it comes over the network. */
export const MAX_DOWNLOAD_BYTES = 4 * 1024 ** 3;

/** Programs and their data unpack to two to four times their archive. */
const MAX_RATIO = 8;
/** Text, and an archive of a few scripts, unpack to far more; this much is no harm to any device. */
const ALWAYS_BYTES = 64 * 1024 ** 2;
const MAX_UNPACKED_BYTES = 8 * 1024 ** 3;

/** Files, folders and links of one archive: the biggest toolchains have half of it. */
export const MAX_ENTRIES = 100_000;

/** What an archive of this size may unpack to. */
export function maxUnpackedBytes(archiveBytes: number): number {
  return Math.min(MAX_UNPACKED_BYTES, Math.max(ALWAYS_BYTES, archiveBytes * MAX_RATIO));
}

/** Without a byte for this long, a server is taken for hung. */
export const MAX_SILENCE_MS = 30_000;

/**
 * Of one attempt; what is here by then stays, and the next one goes on from there. Between the two a newer revision is
 * looked at, which may name another URL: a server that sends a byte a second must not keep a workload from its mending.
 */
export const MAX_ATTEMPT_MS = 30 * 60_000;

/** Release pages redirect once or twice; more than this is a loop. */
export const MAX_REDIRECTS = 5;

/** In one attempt, after a connection that broke off having brought something. */
export const MAX_RESUMES = 5;

/**
 * Before a download is tried again that came whole and was another one. A person has to change something first, and a
 * device on a metered line must not pay for the same megabytes every minute until then.
 */
export const CORRUPT_WAIT_MS = 60 * 60_000;
