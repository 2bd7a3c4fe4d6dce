/**
 * Bounded reads of files that a workload or a stranger controls: at most a given number of bytes, and never a wait for
 * another process.
 */
import fs from "node:fs";
import { open } from "node:fs/promises";

/**
 * O_NONBLOCK: opening a FIFO without a writer, or a file with a lease on it, fails or returns at once in the place of
 * waiting for the other process (open(2), fcntl(2)).
 */
const FLAGS = fs.constants.O_RDONLY | fs.constants.O_NONBLOCK;
const CHUNK_BYTES = 64 * 1024;
/** Most files of /proc and /sys are shorter: a larger buffer for each read would cost more than the read. */
const FIRST_BYTES = 4 * 1024;
/** For reads without a wait: none begins before the one before has ended. */
const scratch = new Uint8Array(CHUNK_BYTES);

/**
 * Reads the first bytes of a file, `most` of them or fewer. Allocates for what is there, not for `most`. Throws what
 * open(2) and read(2) fail with. The memory of another process (`environ`, `cmdline`) can keep read(2) waiting: use
 * `read_environ.ts` for it.
 */
export async function readStart(path: string, max: number): Promise<Uint8Array> {
  const file = await open(path, FLAGS);
  try {
    const parts: Uint8Array[] = [];
    for (let left = max; left > 0;) {
      const part = new Uint8Array(Math.min(left, parts.length === 0 ? FIRST_BYTES : CHUNK_BYTES));
      const { bytesRead } = await file.read(part, 0, part.length, null);
      if (bytesRead === 0) break;
      parts.push(part.subarray(0, bytesRead));
      left -= bytesRead;
    }
    return joined(parts);
  } finally {
    await file.close();
  }
}

/** Reads as `readStart` does, and returns text; "" for a file that cannot be read. */
export async function readStartText(path: string, max: number): Promise<string> {
  return await readStart(path, max).then((bytes) => new TextDecoder().decode(bytes), () => "");
}

/**
 * Reads as `readStartText` does, without a wait: for files that the kernel makes from memory of its own (/sys, and
 * /proc without `environ` and `cmdline`), where handing each read to another thread costs more than the read.
 */
export function readStartTextSync(path: string, max: number): string {
  try {
    const fd = fs.openSync(path, FLAGS);
    try {
      const decoder = new TextDecoder();
      let text = "";
      for (let left = max; left > 0;) {
        const count = fs.readSync(fd, scratch, 0, Math.min(left, CHUNK_BYTES), null);
        if (count === 0) break;
        text += decoder.decode(scratch.subarray(0, count), { stream: true });
        left -= count;
      }
      return text;
    } finally {
      fs.closeSync(fd);
    }
  } catch {
    return "";
  }
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const [only] = parts;
  if (only !== undefined && parts.length === 1) return only;
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
