/** Where in a log a reading begins: so many lines before its end, or at a time. */
import type { SlotLog } from "./slot_log.ts";

const BLOCK = 64 * 1024;
const NEWLINE = 10;
/** Blocks are read while the file is cut: each cut begins the search anew, and no program is cut this often in a row. */
const TRIES = 20;

export interface StartOffset {
  /** How many of the last lines; null: all. */
  tail: number | null;
  /** Milliseconds since 1970; null: from ever. */
  since: number | null;
  /** Whether what follows the last line end is given as a line (a program's last words), or is awaited to its end. */
  unfinished: "line" | "awaited";
}

/** The position where lines that are both among the last `tail` and not older than `since` begin. */
export async function startOffset(log: SlotLog, { tail, since, unfinished }: StartOffset): Promise<number> {
  const end = log.refresh();
  const bySince = since === null ? log.start : await lineAround(log, log.marks.before(since));
  if (tail === null) return bySince;
  if (tail === 0 && unfinished === "line") return end;
  const partial = unfinished === "line" && end > log.base && (await lastByte(log, end)) !== NEWLINE;
  return Math.max(bySince, await behindNewline(log, { end, count: partial ? tail : tail + 1 }));
}

/** A program may have been in the middle of a line when it was looked at. */
async function lineAround(log: SlotLog, position: number): Promise<number> {
  return position <= log.start ? log.start : await behindNewline(log, { end: position, count: 1 });
}

/** The position behind the `count`-th line end before `end`; the start of what is kept when there are fewer. */
async function behindNewline(log: SlotLog, { end, count }: { end: number; count: number }): Promise<number> {
  for (let tries = 0; tries < TRIES; tries++) {
    const found = await inFile(log, { end, count });
    if (found === null) continue;
    if ("position" in found) return found.position;
    return await inArchives(log, { end: Math.min(end, log.base), count: count - found.newlines }) ?? log.start;
  }
  return log.base;
}

/** Backwards, so that the size of the file does not matter. Null when it was cut meanwhile. */
async function inFile(
  log: SlotLog,
  { end, count }: { end: number; count: number },
): Promise<{ position: number } | { newlines: number } | null> {
  let newlines = 0;
  for (let to = end; to > log.base;) {
    const from = Math.max(log.base, to - BLOCK);
    const block = await log.read(from, to - from);
    if (block === null) return null;
    for (let at = block.lastIndexOf(NEWLINE); at >= 0; at = at === 0 ? -1 : block.lastIndexOf(NEWLINE, at - 1)) {
      if (++newlines === count) return { position: from + at + 1 };
    }
    to = from;
  }
  return { newlines };
}

/** An archive can only be read forwards, so the last line ends that were seen are remembered. */
async function inArchives(
  log: SlotLog,
  { end, count }: { end: number; count: number },
): Promise<number | null> {
  let wanted = count;
  for (const { from } of [...log.archives]) {
    const opened = from < end ? log.openArchive(from) : null;
    if (opened === null) continue;
    let seen: number[] = [];
    let at = from;
    for await (const bytes of opened.bytes) {
      for (let index = bytes.indexOf(NEWLINE); index >= 0; index = bytes.indexOf(NEWLINE, index + 1)) {
        if (at + index < end) seen.push(at + index + 1);
      }
      if (seen.length > 2 * wanted) seen = seen.slice(-wanted);
      at += bytes.length;
    }
    if (seen.length >= wanted) return seen.at(-wanted)!;
    wanted -= seen.length;
  }
  return null;
}

async function lastByte(log: SlotLog, end: number): Promise<number | undefined> {
  return (await log.read(end - 1, 1))?.[0];
}
