/** Free space on a file system, compared with `[limits] disk_reserve` before something is written there. */
import { statfs } from "node:fs/promises";
import { Failure } from "../failure.ts";
import { formatMegabytes } from "../model/size.ts";

export interface SpaceLimit {
  /** A folder on the file system in question. */
  directory: string;
  /** What stays free. */
  reserveBytes: number;
  /** What is written, as the subject of the sentence. */
  name: string;
}

/** How much is written between two looks at the file system. */
export const CHECK_EVERY_BYTES = 16 * 1024 ** 2;

/**
 * Written without a look. The reserve is kept for small writes like these: a device that is short of disk space still
 * takes the small commit that mends it.
 */
export const SMALL_BYTES = 1024 ** 2;

/** Throws a `Failure` (insufficient_disk) when `bytes` more would leave less than the reserve free. */
export async function checkSpace({ directory, reserveBytes, name }: SpaceLimit, bytes: number): Promise<void> {
  const free = await freeBytes(directory);
  if (free - bytes < reserveBytes) {
    throw insufficient(`${name} needs ${formatMegabytes(bytes)}`, { free, reserveBytes });
  }
}

/** Returns the free space that the reserve leaves for other writes; 0 or less when there is none. */
export async function spaceAboveReserve({ directory, reserveBytes }: Omit<SpaceLimit, "name">): Promise<number> {
  return await freeBytes(directory) - reserveBytes;
}

/** Compares one piece of work, whose size is not known beforehand, with the free space while it is written. */
export class SpaceCheck {
  readonly #limit: SpaceLimit;
  #written = 0;
  #granted = SMALL_BYTES;

  constructor(limit: SpaceLimit) {
    this.#limit = limit;
  }

  /** Throws a `Failure` (insufficient_disk) when `bytes` more would leave less than the reserve free. */
  async before(bytes: number): Promise<void> {
    const total = this.#written + bytes;
    if (total > this.#granted) {
      const { directory, reserveBytes, name } = this.#limit;
      const free = await freeBytes(directory);
      const need = `${name} needs ${formatMegabytes(total)} or more`;
      if (free - bytes < reserveBytes) throw insufficient(need, { free, reserveBytes });
      this.#granted = total + Math.min(CHECK_EVERY_BYTES, free - bytes - reserveBytes);
    }
    this.#written = total;
  }
}

async function freeBytes(directory: string): Promise<number> {
  const { bavail, bsize } = await statfs(directory);
  return bavail * bsize;
}

/** A `Failure` for a disk that is full, or would be. */
export function insufficientDisk(message: string): Failure {
  return new Failure(message, {
    kind: "refused",
    reason: "insufficient_disk",
    hint: "free some space, or lower disk_reserve below [limits] in config.toml",
  });
}

function insufficient(need: string, { free, reserveBytes }: { free: number; reserveBytes: number }): Failure {
  const has = `${need}, and the disk has ${formatMegabytes(free)} free`;
  if (reserveBytes > 0) return insufficientDisk(`${has}, of which ${formatMegabytes(reserveBytes)} are kept`);
  return new Failure(has, { kind: "refused", reason: "insufficient_disk", hint: "free some space" });
}
