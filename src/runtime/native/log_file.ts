/** Reading a log file that is being written and now and then cut at its front. */
import type { LogLine } from "../runtime.ts";

const BLOCK_BYTES = 64 * 1024;
const LINE_BYTES = 16 * 1024;
const NEWLINE = 10;

/** The last `count` lines and the offset behind them. Reads backwards, so the size of the file does not matter. */
export async function readTail(path: string, count: number): Promise<{ lines: string[]; end: number }> {
  const file = await Deno.open(path).catch(() => null);
  if (file === null) return { lines: [], end: 0 };
  try {
    const end = (await file.stat()).size;
    if (count === 0) return { lines: [], end };
    let start = end;
    let newlines = 0;
    const blocks: Uint8Array[] = [];
    // One more line end than lines, since the last line ends with one.
    while (start > 0 && newlines <= count) {
      const size = Math.min(BLOCK_BYTES, start);
      start -= size;
      const block = await readAt(file, { offset: start, size });
      newlines += block.reduce((sum, byte) => sum + (byte === NEWLINE ? 1 : 0), 0);
      blocks.unshift(block);
    }
    const bytes = joined(blocks);
    const whole = bytes.subarray(0, bytes.lastIndexOf(NEWLINE) + 1);
    const lines = splitLines(whole);
    // What follows the last line end is not a line yet: whoever goes on reading gets it whole.
    return { lines: lines.slice(-count), end: end - (bytes.length - whole.length) };
  } finally {
    file.close();
  }
}

/** Whole lines from `offset` on, and the offset behind them. A line longer than the bound is given in its first part. */
export async function readFrom(path: string, offset: number): Promise<{ lines: string[]; end: number }> {
  const info = await Deno.stat(path).catch(() => null);
  // Smaller than where we were: emptied by a copy, or by a program that opened it anew.
  const from = info === null || info.size < offset ? 0 : offset;
  if (info === null || info.size === from) return { lines: [], end: from };
  const file = await Deno.open(path);
  try {
    const bytes = await readAt(file, { offset: from, size: Math.min(info.size - from, 16 * BLOCK_BYTES) });
    const last = bytes.lastIndexOf(NEWLINE) + 1;
    if (last === 0 && bytes.length < 16 * BLOCK_BYTES) return { lines: [], end: from };
    const whole = last === 0 ? bytes : bytes.subarray(0, last);
    return { lines: splitLines(whole), end: from + whole.length };
  } finally {
    file.close();
  }
}

export function logLine(slot: number, text: string): LogLine {
  return { slot, stream: null, text };
}

function splitLines(bytes: Uint8Array): string[] {
  const lines: string[] = [];
  const decoder = new TextDecoder();
  for (let at = 0; at < bytes.length;) {
    const end = bytes.indexOf(NEWLINE, at);
    const stop = end < 0 ? bytes.length : end;
    lines.push(decoder.decode(bytes.subarray(at, Math.min(stop, at + LINE_BYTES))).replace(/\r$/, ""));
    at = stop + 1;
  }
  return lines;
}

async function readAt(file: Deno.FsFile, { offset, size }: { offset: number; size: number }): Promise<Uint8Array> {
  await file.seek(offset, Deno.SeekMode.Start);
  const bytes = new Uint8Array(size);
  let at = 0;
  while (at < size) {
    const read = await file.read(bytes.subarray(at));
    if (read === null) break;
    at += read;
  }
  return bytes.subarray(0, at);
}

function joined(blocks: Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(blocks.reduce((sum, block) => sum + block.length, 0));
  let at = 0;
  for (const block of blocks) {
    bytes.set(block, at);
    at += block.length;
  }
  return bytes;
}
