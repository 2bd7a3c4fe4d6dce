/**
 * Brings the packed executable of a release into a file beside the one that runs, unpacked, whole and on disk. What
 * breaks off is brought again from its beginning: it is 40 MB, and half of an executable is nothing to keep.
 */
import { createHash } from "node:crypto";
import { dirname } from "node:path";
import { diskFailure, Failure } from "../failure.ts";
import type { ResolvedRelease } from "./resolve_release.ts";
import { MAX_EXECUTABLE_BYTES, MAX_PACKED_BYTES, SPARE_BYTES, UNPACKED_RATIO } from "./release_limits.ts";
import { get, shown } from "./release_request.ts";
import { formatMegabytes, formatTransferred } from "../model/size.ts";
import { checkSpace } from "../os/disk_reserve.ts";

export interface DownloadOptions {
  /** The file: written over, unless it is already what the release has. */
  path: string;
  progress: (message: string) => void;
  signal: AbortSignal;
  silenceMs?: number;
}

/** What is read and written at once: on a small processor each turn costs more than the bytes do. */
const PIECE_BYTES = 1024 ** 2;

/** Every so many bytes a word of it. */
const REPORT_EVERY_BYTES = 4e6;

/** Resolves when both hashes were right and the file may be run. Throws `Failure`, or the signal's reason; then there is no file. */
export async function download(
  found: ResolvedRelease,
  { path, progress, signal, silenceMs }: DownloadOptions,
): Promise<void> {
  if (await hashOf(path) === found.hashes.plain) return await Deno.chmod(path, 0o755);
  await Deno.remove(path).catch(() => {});
  const options = { maxBytes: MAX_PACKED_BYTES, signal, ...(silenceMs === undefined ? {} : { silenceMs }) };
  const received = await get(found.url, options);
  if (received === null) {
    throw new Failure(`"${shown(found.url)}" is not there`, { kind: "mistake", reason: "release_unreachable" });
  }
  try {
    const needed = (received.totalBytes ?? 0) * UNPACKED_RATIO + SPARE_BYTES;
    await checkSpace({ directory: dirname(path), reserveBytes: 0, name: "the new executable" }, needed);
    const hashes = await unpack(received.chunks, { path, totalBytes: received.totalBytes, progress });
    if (hashes.packed !== found.hashes.packed) throw mismatch(`"${shown(found.url)}"`, hashes.packed);
    if (hashes.plain !== found.hashes.plain) throw mismatch(`what "${shown(found.url)}" holds`, hashes.plain);
  } catch (error) {
    await Deno.remove(path).catch(() => {});
    throw error;
  } finally {
    await received.chunks.return(undefined);
    await received.close();
  }
}

/** Null where there is no such file. */
export async function hashOf(path: string): Promise<string | null> {
  using file = await Deno.open(path).catch(() => null);
  if (file === null) return null;
  const hash = createHash("sha256");
  const piece = new Uint8Array(PIECE_BYTES);
  for (let length = await file.read(piece); length !== null; length = await file.read(piece)) {
    hash.update(piece.subarray(0, length));
  }
  return hash.digest("hex");
}

async function unpack(
  chunks: AsyncGenerator<Uint8Array<ArrayBuffer>>,
  { path, totalBytes, progress }: { path: string; totalBytes: number | null; progress: (message: string) => void },
): Promise<{ packed: string; plain: string }> {
  const [packed, plain] = [createHash("sha256"), createHash("sha256")];
  let failure: unknown = null;
  let [received, told, written] = [0, 0, 0];
  const counted = async function* () {
    try {
      for await (const chunk of chunks) {
        packed.update(chunk);
        received += chunk.length;
        if (received - told >= REPORT_EVERY_BYTES) {
          told = received;
          progress(`downloading: ${formatTransferred(received, totalBytes)}`);
        }
        yield chunk;
      }
    } catch (error) {
      failure = error;
      throw error;
    }
  };
  using file = await Deno.open(path, { write: true, createNew: true, mode: 0o700 });
  try {
    const unpacked = ReadableStream.from(counted()).pipeThrough(new DecompressionStream("gzip"));
    for await (const piece of inPieces(unpacked)) {
      written += piece.length;
      if (written > MAX_EXECUTABLE_BYTES) throw damaged(`unpacks to over ${formatMegabytes(MAX_EXECUTABLE_BYTES)}`);
      plain.update(piece);
      for (let at = 0; at < piece.length;) at += await file.write(piece.subarray(at));
    }
  } catch (error) {
    if (failure !== null) throw failure;
    if (error instanceof Failure) throw error;
    if (error instanceof TypeError) throw damaged("is no gzip file");
    const message = `the new executable cannot be written to "${path}": ${
      error instanceof Error ? error.message : error
    }`;
    const { reason = "insufficient_disk", hint = "free some space" } = diskFailure(error) ?? {};
    throw new Failure(message, { kind: "refused", reason, hint, cause: error });
  }
  await file.sync();
  await Deno.chmod(path, 0o755);
  return { packed: packed.digest("hex"), plain: plain.digest("hex") };
}

/** Of one buffer: each piece counts until the next one is asked for. */
async function* inPieces(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const piece = new Uint8Array(PIECE_BYTES);
  let length = 0;
  for await (const chunk of chunks) {
    for (let at = 0; at < chunk.length;) {
      const part = chunk.subarray(at, at + piece.length - length);
      piece.set(part, length);
      at += part.length;
      length += part.length;
      if (length < piece.length) continue;
      yield piece;
      length = 0;
    }
  }
  if (length > 0) yield piece.subarray(0, length);
}

function mismatch(what: string, hash: string): Failure {
  return new Failure(`${what} has the hash ${hash.slice(0, 12)}, which is not the one in SHA256SUMS`, {
    kind: "mistake",
    reason: "checksum_mismatch",
    hint: "nothing was changed; the download is broken or mixed up, so look at where it comes from",
  });
}

function damaged(what: string): Failure {
  return new Failure(`the new executable ${what}`, { kind: "mistake", reason: "release_invalid" });
}
