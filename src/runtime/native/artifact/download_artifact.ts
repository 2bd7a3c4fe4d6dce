/** Brings the bytes of an artifact into a file, from where an earlier attempt ended, until their digest is right. */
import type { Clock } from "../../../clock.ts";
import { diskFault, Failure } from "../../../failure.ts";
import { abortableIterator } from "../../../async/abortable.ts";
import type { Artifact } from "../../../model/workload.ts";
import type { Progress } from "../../runtime.ts";
import type { DiskGuard } from "./artifact_disk_failure.ts";
import { CHECK_EVERY_BYTES, checkSpace } from "../../../os/disk_reserve.ts";
import { CORRUPT_WAIT_MS, MAX_ATTEMPT_MS, MAX_DOWNLOAD_BYTES, MAX_RESUMES, MAX_SILENCE_MS } from "./artifact_limits.ts";
import { displayName } from "./artifact_name.ts";
import { PartialDownload } from "./partial_download.ts";
import { type Answer, ask, networkCause } from "./artifact_request.ts";
import { formatMegabytes, formatTransferred } from "../../../model/size.ts";

/** Often enough to be watched by a person. */
const REPORT_EVERY_MS = 500;

export interface DownloadOptions {
  /** The file, which may hold what an earlier attempt brought. */
  path: string;
  guard: DiskGuard;
  clock: Clock;
  progress: Progress;
  signal: AbortSignal;
}

/**
 * Resolves with the number of bytes when the file is whole, right and on disk. Throws `Failure`, or the signal's reason;
 * what came until then stays for the next attempt, unless it was wrong.
 */
export async function download(artifact: Artifact, options: DownloadOptions): Promise<number> {
  using part = await PartialDownload.open(options.path);
  if (part.bytes === 0 || part.digest() !== artifact.sha256) await new Download(artifact, part, options).run();
  await part.sync();
  return part.bytes;
}

class Download {
  readonly #artifact: Artifact;
  readonly #part: PartialDownload;
  readonly #options: DownloadOptions;
  readonly #name: string;
  /** Of all answers: what shows that the server is alive. */
  #received = 0;
  /** How many answers what is here was put together from. */
  #pieces: number;
  #totalBytes: number | null = null;
  #etag: string | null = null;
  /** Aborts when the server is silent, or all of it takes too long. */
  readonly #late = new AbortController();
  readonly #signal: AbortSignal;
  #toldAt: number;

  constructor(artifact: Artifact, part: PartialDownload, options: DownloadOptions) {
    this.#artifact = artifact;
    this.#part = part;
    this.#pieces = part.bytes === 0 ? 0 : 1;
    this.#options = options;
    this.#name = displayName(artifact);
    this.#signal = AbortSignal.any([options.signal, this.#late.signal]);
    this.#toldAt = options.clock.monotonic();
  }

  async run(): Promise<void> {
    const ended = new AbortController();
    this.#watch(ended.signal).catch(() => {});
    try {
      // Pieces of several answers that do not fit together are no reason to call the file wrong: once more, in one piece.
      for (let isLast = false;; isLast = true) {
        await this.#receiveAll();
        const digest = this.#part.digest();
        if (digest === this.#artifact.sha256) return;
        await this.#part.restart();
        if (isLast || this.#pieces === 1) throw this.#mismatch(digest);
      }
    } finally {
      ended.abort();
    }
  }

  /** Until the server says that it is all. A connection that breaks off having brought something is made again. */
  async #receiveAll(): Promise<void> {
    for (let resumes = 0;; resumes++) {
      const before = this.#received;
      const answer = await ask(this.#artifact.url, {
        offset: this.#part.bytes,
        etag: this.#etag,
        signal: this.#signal,
      });
      // What is here is longer than what the server has: it cannot be the beginning of it.
      if (answer === null) await this.#restart();
      else if (await this.#isReceived(answer, () => resumes < MAX_RESUMES && this.#received > before)) return;
    }
  }

  /** False when the connection broke off and `mayResume`. */
  async #isReceived(answer: Answer, mayResume: () => boolean): Promise<boolean> {
    try {
      await this.#receive(answer);
      return true;
    } catch (error) {
      this.#signal.throwIfAborted();
      if (error instanceof Failure || isOfOurSide(error)) throw error;
      if (mayResume()) return false;
      const done = formatTransferred(this.#part.bytes, this.#totalBytes);
      throw new Failure(`the download of ${this.#name} broke off at ${done}: ${networkCause(error)}`, {
        kind: "transient",
        reason: "artifact_unreachable",
        cause: error,
      });
    }
  }

  async #receive({ body, offset, totalBytes, etag }: Answer): Promise<void> {
    const { guard } = this.#options;
    this.#totalBytes = totalBytes;
    this.#etag = etag;
    try {
      this.#checkSize(totalBytes ?? 0);
      await checkSpace(guard, (totalBytes ?? offset) - offset);
      if (offset === 0) await this.#restart();
    } catch (error) {
      await body.cancel();
      throw error;
    }
    this.#pieces++;
    let unlooked = 0;
    // Told to the body itself as well: an abort that goes through fetch alone has been seen to be lost.
    for await (const chunk of abortableIterator(body, this.#signal)) {
      this.#received += chunk.length;
      this.#checkSize(this.#part.bytes + chunk.length);
      await this.#part.append(chunk);
      unlooked += chunk.length;
      if (unlooked >= CHECK_EVERY_BYTES) {
        await checkSpace(guard, 0);
        unlooked = 0;
      }
      this.#report();
    }
    if (totalBytes !== null && this.#part.bytes < totalBytes) throw new Error("the connection was closed");
  }

  async #restart(): Promise<void> {
    await this.#part.restart();
    this.#pieces = 0;
  }

  #report(): void {
    const { clock, progress } = this.#options;
    if (clock.monotonic() - this.#toldAt < REPORT_EVERY_MS) return;
    this.#toldAt = clock.monotonic();
    progress(`downloading ${this.#name}: ${formatTransferred(this.#part.bytes, this.#totalBytes)}`);
  }

  #checkSize(bytes: number): void {
    if (bytes <= MAX_DOWNLOAD_BYTES) return;
    throw new Failure(`${this.#name} is over ${formatMegabytes(MAX_DOWNLOAD_BYTES)}`, {
      kind: "mistake",
      reason: "artifact_invalid",
      hint: "name a smaller file in the manifest",
    });
  }

  async #watch(ended: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    const endsAt = clock.monotonic() + MAX_ATTEMPT_MS;
    while (true) {
      const before = this.#received;
      await clock.sleep(MAX_SILENCE_MS, ended);
      if (this.#received === before) return this.#late.abort(this.#tooLate("has sent nothing for 30 seconds"));
      if (clock.monotonic() > endsAt) return this.#late.abort(this.#tooLate("has taken more than 30 minutes"));
    }
  }

  #tooLate(what: string): Failure {
    const done = formatTransferred(this.#part.bytes, this.#totalBytes);
    const { host } = new URL(this.#artifact.url);
    return new Failure(`the server "${host}" ${what}, and ${done} of ${this.#name} are here`, {
      kind: "transient",
      reason: "artifact_unreachable",
      hint: "the next try goes on from there",
    });
  }

  #mismatch(digest: string): Failure {
    const message = this.#artifact.sha256.slice(0, 12);
    return new Failure(`${this.#name} has the digest ${digest.slice(0, 12)}, and the manifest says ${message}`, {
      kind: "mistake",
      reason: "checksum_mismatch",
      retryAfterMs: CORRUPT_WAIT_MS,
      hint: 'look whether the file was replaced, and write what "sha256sum" says of the right one',
    });
  }
}

/** What went wrong on our side of the wire: the disk, or a file system without such large files (EFBIG). */
function isOfOurSide(error: unknown): boolean {
  return diskFault(error) !== null || (error instanceof Error && /\(os error 27\)/.test(error.message));
}
