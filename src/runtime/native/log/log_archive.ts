/**
 * The archives of a log file: `0.log.1.gz` is the newest. In order of age they and the file are what was written, byte
 * for byte, so that an archive may begin and end in the middle of a line. `0.log.1`, not compressed, exists for the
 * moment after a file was emptied.
 */
import fs from "node:fs";

const PIECE = 64 * 1024;

/** A stretch of what was ever written, [from, to). */
export interface Archive {
  from: number;
  to: number;
  compressed: boolean;
}

export function archivePath(log: string, number: number, { compressed }: Pick<Archive, "compressed">): string {
  return `${log}.${number}${compressed ? ".gz" : ""}`;
}

/** Those that are there, newest first, the newest ending at `end`. Their lengths are read, not their content. */
export function findArchives(log: string, end: number): Archive[] {
  const found: Archive[] = [];
  for (let number = 1, to = end;; number++) {
    const length = gzipLength(archivePath(log, number, { compressed: true }));
    const plain = length === null ? fileLength(archivePath(log, number, { compressed: false })) : null;
    if (length === null && plain === null) return found;
    const from = to - (length ?? plain!);
    found.push({ from, to, compressed: length !== null });
    to = from;
  }
}

/** Makes room for a new number 1 and removes what is beyond `most`. Nothing of it can fail half: renames alone. */
export function shiftArchives(log: string, { count, max }: { count: number; max: number }): void {
  removeOldArchives(log, max - 1);
  for (let number = Math.min(count, max - 1); number > 0; number--) {
    for (const compressed of [true, false]) {
      const path = archivePath(log, number, { compressed });
      if (fs.existsSync(path)) fs.renameSync(path, archivePath(log, number + 1, { compressed }));
    }
  }
}

/** Removes archives from number `most` + 1 on. */
export function removeOldArchives(log: string, max: number): void {
  for (let number = max + 1;; number++) {
    const paths = [true, false].map((compressed) => archivePath(log, number, { compressed }));
    const there = paths.filter((path) => fs.existsSync(path));
    if (there.length === 0) return;
    for (const path of there) fs.rmSync(path, { force: true });
  }
}

export interface Segment {
  path: string;
  /** In the file, not of all that was ever written. */
  offset: number;
  size: number;
}

/** Writes the stretch compressed, down to the disk, and tells how many bytes it had. In pieces: memory is bounded. */
export async function compress({ path, offset, size }: Segment, target: string, signal: AbortSignal): Promise<number> {
  using source = await Deno.open(path);
  using file = await Deno.open(target, { write: true, create: true, truncate: true, mode: 0o640 });
  await source.seek(offset, Deno.SeekMode.Start);
  let done = 0;
  const pieces = async function* () {
    while (done < size) {
      signal.throwIfAborted();
      const piece = new Uint8Array(Math.min(PIECE, size - done));
      const read = await source.read(piece);
      if (read === null) return;
      done += read;
      yield piece.subarray(0, read);
    }
  };
  for await (const chunk of ReadableStream.from(pieces()).pipeThrough(new CompressionStream("gzip"))) {
    for (let at = 0; at < chunk.length;) at += await file.write(chunk.subarray(at));
  }
  // The cut is in the file system's journal at once; what it cuts away must not be later on the disk than that.
  await file.syncData();
  return done;
}

/** The content from `skip` on. An archive that is damaged gives what can be read of it. */
export async function* content(file: Deno.FsFile, { compressed, skip }: { compressed: boolean; skip: number }) {
  const bytes = compressed ? file.readable.pipeThrough(new DecompressionStream("gzip")) : file.readable;
  let left = skip;
  try {
    for await (const chunk of bytes) {
      const piece = chunk.subarray(Math.min(left, chunk.length));
      left -= chunk.length - piece.length;
      if (piece.length > 0) yield piece;
    }
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
  }
}

/** From the last four bytes (RFC 1952, ISIZE): right below 4 GiB, and no cut is as large. */
function gzipLength(path: string): number | null {
  const size = fileLength(path);
  if (size === null) return null;
  const fd = fs.openSync(path, "r");
  try {
    const tail = new Uint8Array(4);
    return fs.readSync(fd, tail, 0, 4, size - 4) < 4 ? 0 : new DataView(tail.buffer).getUint32(0, true);
  } catch {
    return 0;
  } finally {
    fs.closeSync(fd);
  }
}

function fileLength(path: string): number | null {
  return fs.statSync(path, { throwIfNoEntry: false })?.size ?? null;
}
