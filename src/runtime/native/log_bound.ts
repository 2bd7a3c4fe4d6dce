/**
 * Keeps log files within their bound while services write to them. Where the file system can cut a range out of the
 * front of a file (fallocate(2), FALLOC_FL_COLLAPSE_RANGE: ext4, xfs) no line is lost; elsewhere the file is copied aside
 * and emptied at once, which loses what is written in the microseconds between.
 */
import fs from "node:fs";

export const MAX_BYTES = 10 * 1024 * 1024;
/** Of a file that is cut, this much stays. */
const KEEP_BYTES = MAX_BYTES * 3 / 4;
/** Offset and length of a collapse must be multiples of the file system's block. */
const BLOCK = 4096;

const O_RDWR = 2;
const O_CLOEXEC = 0o2000000;
const COLLAPSE_RANGE = 8;

/** Cuts the file when it is over the bound. Returns how many bytes went from its front; 0 when nothing was done. */
export async function boundLog(path: string, max = MAX_BYTES, keep = KEEP_BYTES): Promise<number> {
  const info = await Deno.stat(path).catch(() => null);
  if (info === null || info.size <= max) return 0;
  const cut = Math.floor((info.size - keep) / BLOCK) * BLOCK;
  if (cut <= 0) return 0;
  if (collapse(path, cut)) return cut;
  return copyAndEmpty(path);
}

interface Libc {
  open(path: Uint8Array<ArrayBuffer>, flags: number): number;
  fallocate(fd: number, mode: number, offset: bigint, length: bigint): number;
  close(fd: number): number;
}

let libc: Libc | null | undefined;

function collapse(path: string, bytes: number): boolean {
  libc ??= loadLibc();
  if (libc === null) return false;
  const fd = libc.open(new TextEncoder().encode(`${path}\0`), O_RDWR | O_CLOEXEC);
  if (fd < 0) return false;
  try {
    return libc.fallocate(fd, COLLAPSE_RANGE, 0n, BigInt(bytes)) === 0;
  } finally {
    libc.close(fd);
  }
}

/** Null without permission for foreign functions, or without glibc: then the fallback is used. */
function loadLibc(): Libc | null {
  try {
    return Deno.dlopen("libc.so.6", {
      open: { parameters: ["buffer", "i32"], result: "i32" },
      fallocate: { parameters: ["i32", "i32", "i64", "i64"], result: "i32" },
      close: { parameters: ["i32"], result: "i32" },
    }).symbols as unknown as Libc;
  } catch {
    return null;
  }
}

/** Synchronous on purpose: between the last read and the cut nothing else of ours may run. */
function copyAndEmpty(path: string): number {
  const log = fs.openSync(path, "r+");
  const aside = fs.openSync(`${path}.1`, "w", 0o640);
  const buffer = new Uint8Array(1024 * 1024);
  let at = 0;
  try {
    while (true) {
      const read = fs.readSync(log, buffer, 0, buffer.length, at);
      if (read === 0) break;
      fs.writeSync(aside, buffer, 0, read);
      at += read;
    }
    fs.ftruncateSync(log, 0);
  } finally {
    fs.closeSync(aside);
    fs.closeSync(log);
  }
  return at;
}
