/**
 * For file systems that cannot cut a file at its front (tmpfs, btrfs): it is copied, what came meanwhile is copied too,
 * and when there is next to nothing left, the last of it is read and the file emptied back to back in one go. What is
 * written between that read and that call, some microseconds, is lost: no line of a program that writes 20 000 lines
 * a second in the tests, 0.1 % of the lines of one that does nothing but write.
 */
import fs from "node:fs";
import { archivePath, rotate } from "./archive.ts";
import type { SlotLog } from "./slot_log.ts";

const PIECE = 64 * 1024;
/** Times its size: a program that writes as fast as we copy never lets us catch up. */
const ENOUGH = 4;
/** As above, for the last reads, of a few lines each; at some microseconds each, the event loop does not notice. */
const LAST_READS = 200;
const NEWLINE = 10;

/** The file's content becomes archive 1, not compressed yet. Throws nothing: a file that can't be copied stays. */
export async function emptyFile(
  log: SlotLog,
  { maxFiles, signal }: { maxFiles: number; signal: AbortSignal },
): Promise<void> {
  const { generation } = log;
  const beside = `${log.path}.new`;
  try {
    using source = await Deno.open(log.path, { read: true, write: true });
    using target = await Deno.open(beside, { write: true, create: true, truncate: true, mode: 0o640 });
    const piece = new Uint8Array(PIECE);
    const most = (log.refresh() - log.base) * ENOUGH;
    let copied = 0;
    for (let read; copied < most && (read = await source.read(piece)) !== null; copied += read) {
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
  rotate(log.path, { count: log.archives.length, most: maxFiles });
  // Its name first: killed from here on, there are lines in both, never in neither.
  fs.renameSync(beside, path);
  const piece = new Uint8Array(PIECE);
  let last = NEWLINE;
  const from = log.base;
  const bytes = log.advance(() => {
    let total = copied;
    let read: number | null = null;
    for (let reads = 0; reads < LAST_READS; reads++) {
      read = source.readSync(piece);
      if (read === null || reads === LAST_READS - 1) break;
      writeAllSync(target, piece.subarray(0, read));
      total += read;
      last = piece[read - 1]!;
    }
    source.truncateSync(0);
    if (read !== null) {
      writeAllSync(target, piece.subarray(0, read));
      total += read;
      last = piece[read - 1]!;
    }
    return total;
  }, { expected: 0 });
  log.archives = [{ from, to: from + bytes, compressed: false }, ...log.archives].slice(0, maxFiles);
  if (last === NEWLINE) log.begins(log.base);
  log.forget();
}

async function writeAll(file: Deno.FsFile, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
}

function writeAllSync(file: Deno.FsFile, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length;) at += file.writeSync(bytes.subarray(at));
}
