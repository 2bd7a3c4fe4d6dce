/**
 * For file systems that cannot cut a file at its front (tmpfs, btrfs): it is copied, what came meanwhile is copied too,
 * and when there is next to nothing left, the last of it is read and the file emptied back to back in one go. What is
 * written between that read and that call, about a microsecond, is lost: hardly ever a line of a program that writes
 * 20 000 a second, one in a thousand of one that does nothing but write.
 */
import fs from "node:fs";
import { archivePath, shiftArchives } from "./log_archive.ts";
import type { SlotLog } from "./slot_log.ts";

const PIECE = 64 * 1024;
/** Times its size: a program that writes as fast as we copy never lets us catch up. */
const ENOUGH = 4;
/** As above, for the last reads, of a few lines each; at some microseconds each, the event loop does not notice. */
const LAST_READS = 200;
/**
 * The best moment is just behind a line: at 20 000 a second the next is 50 us away. A program that has written none
 * while this often, for about a millisecond, nothing was there to read, is as quiet as it will be.
 */
const EMPTY_READS = 500;
const NEWLINE = 10;

/** The file's content becomes archive 1, not compressed yet. Throws nothing: a file that cannot be copied stays. */
export async function copyTruncate(
  log: SlotLog,
  { maxFiles, signal }: { maxFiles: number; signal: AbortSignal },
): Promise<void> {
  const { generation } = log;
  const beside = `${log.path}.new`;
  try {
    using source = await Deno.open(log.path, { read: true, write: true });
    using target = await Deno.open(beside, { write: true, create: true, truncate: true, mode: 0o640 });
    const piece = new Uint8Array(PIECE);
    const max = (log.refresh() - log.base) * ENOUGH;
    let copied = 0;
    for (let read; copied < max && (read = await source.read(piece)) !== null; copied += read) {
      signal.throwIfAborted();
      await writeAll(target, piece.subarray(0, read));
    }
    log.refresh();
    if (generation === log.generation) return exchange(log, { source, target, beside, copied, maxFiles });
  } catch {
    // A full disk: nothing was emptied.
  }
  await Deno.remove(beside).catch(() => {});
}

interface Exchange {
  source: Deno.FsFile;
  target: Deno.FsFile;
  beside: string;
  copied: number;
  maxFiles: number;
}

/** Synchronous on purpose: between the last read and the cut nothing else of ours may run. */
function exchange(log: SlotLog, { source, target, beside, copied, maxFiles }: Exchange): void {
  const path = archivePath(log.path, 1, { compressed: false });
  shiftArchives(log.path, { count: log.archives.length, max: maxFiles });
  // Its name first: killed from here on, there are lines in both, never in neither.
  fs.renameSync(beside, path);
  const from = log.base;
  let last: number | undefined = NEWLINE;
  const bytes = log.advance(() => {
    let total = copied;
    const take = (piece: Uint8Array) => {
      writeAllSync(target, piece);
      total += piece.length;
      last = piece.at(-1) ?? last;
    };
    const pieces = lastPieces(source, take);
    source.truncateSync(0);
    pieces.forEach(take);
    return total;
  }, { expected: 0 });
  log.addArchive({ from, to: from + bytes, compressed: false }, maxFiles);
  if (last === NEWLINE) log.begins(log.base);
  log.forget();
}

/** Reads until it is the best moment to empty the file. Gives to `take` what it has time for, and returns the rest. */
function lastPieces(source: Deno.FsFile, take: (piece: Uint8Array) => void): Uint8Array[] {
  const [first, second] = [new Uint8Array(PIECE), new Uint8Array(PIECE)];
  for (let [found, empty] = [0, 0]; found < LAST_READS && empty < EMPTY_READS;) {
    const read = source.readSync(first);
    if (read === null) {
      empty++;
      continue;
    }
    const more = source.readSync(second);
    // A line that came just now, not one that had been waiting, and nothing behind it.
    if (more === null && empty > 0) return [first.subarray(0, read)];
    take(first.subarray(0, read));
    if (more !== null) take(second.subarray(0, more));
    found++;
  }
  const read = source.readSync(first);
  return read === null ? [] : [first.subarray(0, read)];
}

async function writeAll(file: Deno.FsFile, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
}

function writeAllSync(file: Deno.FsFile, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length;) at += file.writeSync(bytes.subarray(at));
}
