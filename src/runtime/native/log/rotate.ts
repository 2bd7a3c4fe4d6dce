/**
 * Keeps a log file within its bound while a program writes to it. What is cut off its front is in an archive before it
 * is cut: a daemon that is killed in between leaves it in both, lines twice, never in neither.
 */
import { dirname } from "node:path";
import type { LogBound } from "../../../model/workload.ts";
import { archivePath, compress, removeOldArchives, shiftArchives } from "./log_archive.ts";
import { canCollapse, cannotCollapse, collapseRange, wholeBlocks } from "./collapse_range.ts";
import { copyTruncate } from "./copytruncate.ts";
import type { SlotLog } from "./slot_log.ts";

/** Of a file that is cut, this much stays: its last lines are in one piece for whoever looks. */
const STAYS = 3 / 4;
/**
 * A program that writes faster than we compress (about 30 MB/s) must not fill the disk: of what is cut at once, at most
 * this much is archived, and what is older is dropped. It is what is compressed in about a second.
 */
const ARCHIVED_AT_ONCE = 32 * 1024 * 1024;

export interface RotateOptions {
  /** "copy" is for tests; "best" is what the file system can. */
  method: "best" | "copy";
  signal: AbortSignal;
}

/**
 * Cuts the file when it is over its bound, and removes archives that are too many. Does nothing else, and writes nothing
 * then. One call at a time for each log. When it cannot archive (a full disk) it cuts all the same: the bound comes first.
 * A file that can only be emptied whole keeps at least one archive.
 */
export async function rotate(log: SlotLog, bound: LogBound, { method, signal }: RotateOptions): Promise<void> {
  const size = log.refresh() - log.base;
  const isOver = size > bound.maxBytes;
  if (!isOver && log.archives.length <= bound.maxFiles) return;
  const copy = method === "copy" || !canCollapse(dirname(log.path));
  // An emptied file alone would often have nothing to show.
  const maxFiles = copy ? Math.max(1, bound.maxFiles) : bound.maxFiles;
  if (log.archives.length > maxFiles) trim(log, maxFiles);
  if (!isOver) return;
  await compressNewest(log, signal);
  if (copy) {
    await copyTruncate(log, { maxFiles, signal });
    return await compressNewest(log, signal);
  }
  const bytes = wholeBlocks(size - bound.maxBytes * STAYS);
  if (bytes > 0) await cutFront(log, { bytes, maxFiles, signal });
}

async function cutFront(
  log: SlotLog,
  { bytes, maxFiles, signal }: { bytes: number; maxFiles: number; signal: AbortSignal },
): Promise<void> {
  const { generation } = log;
  const dropped = Math.max(0, bytes - ARCHIVED_AT_ONCE);
  const beside = `${log.path}.new.gz`;
  let archived = maxFiles > 0;
  if (archived) {
    const stretch = { path: log.path, offset: dropped, size: bytes - dropped };
    archived = await compress(stretch, beside, signal).then((done) => done === stretch.size, () => false);
  }
  log.refresh();
  // Begun anew by the program meanwhile: there is nothing to cut any more.
  if (signal.aborted || generation !== log.generation) return await remove(beside);
  if (archived) cutInto(log, { beside, bytes, dropped, maxFiles });
  else {
    await remove(beside);
    log.advance(() => collapseRange(log.path, bytes) ? bytes : 0, { expected: bytes });
  }
  log.forget();
}

/** In one go: the archive gets its name, then the file loses what is in it. */
function cutInto(
  log: SlotLog,
  { beside, bytes, dropped, maxFiles }: { beside: string; bytes: number; dropped: number; maxFiles: number },
): void {
  const path = archivePath(log.path, 1, { compressed: true });
  const [from, to] = [log.base + dropped, log.base + bytes];
  shiftArchives(log.path, { count: log.archives.length, max: maxFiles });
  Deno.renameSync(beside, path);
  const cut = log.advance(() => collapseRange(log.path, bytes) ? bytes : 0, { expected: bytes });
  log.addArchive({ from, to, compressed: true }, maxFiles);
  // It was able to a moment ago. What is in the archive is in the file too; from now on it is copied.
  if (cut === 0) cannotCollapse(dirname(log.path));
}

/** Also for an archive that an earlier daemon did not come to compress. */
async function compressNewest(log: SlotLog, signal: AbortSignal): Promise<void> {
  const [newest] = log.archives;
  if (newest === undefined || newest.compressed) return;
  const path = archivePath(log.path, 1, { compressed: false });
  const beside = `${log.path}.new.gz`;
  const size = newest.to - newest.from;
  const done = await compress({ path, offset: 0, size }, beside, signal).catch(() => null);
  if (done !== size) return await remove(beside);
  exchange(log, { plain: path, beside });
}

function exchange(log: SlotLog, { plain, beside }: { plain: string; beside: string }): void {
  Deno.renameSync(beside, archivePath(log.path, 1, { compressed: true }));
  Deno.removeSync(plain);
  log.markNewestCompressed();
}

function trim(log: SlotLog, max: number): void {
  removeOldArchives(log.path, max);
  log.dropArchives(max);
  log.forget();
}

async function remove(path: string): Promise<void> {
  await Deno.remove(path).catch(() => {});
}
