/** Free space, looked at before and while something is written: a full disk would harm everything else on the device. */
import { statfs } from "node:fs/promises";
import { Failure } from "../../../failure.ts";
import { megabytes } from "./name.ts";

export interface DiskGuard {
  /** A folder that is there, on the file system in question. */
  folder: string;
  /** What must stay free. */
  reserveBytes: number;
  /** What is written, for the sentence. */
  name: string;
}

/** How much is written between two looks. */
export const LOOK_EVERY_BYTES = 16 * 1024 ** 2;

/** Throws `Failure` insufficient_disk when `bytes` more would leave less than the reserve. */
export async function checkSpace({ folder, reserveBytes, name }: DiskGuard, bytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  const free = bavail * bsize;
  if (free - bytes >= reserveBytes) return;
  throw insufficient(
    `${name} needs ${megabytes(bytes, null)}, and the disk has ${megabytes(free, null)} free, of which ${
      megabytes(reserveBytes, null)
    } are kept`,
  );
}

/** The error itself, or the failure that it is when the disk is full. */
export function asDiskFailure(error: unknown, name: string): unknown {
  const text = error instanceof Error ? error.message : "";
  return /ENOSPC|EDQUOT|os error (28|122)\b/.test(text)
    ? insufficient(`the disk is full, and ${name} is not here whole`)
    : error;
}

function insufficient(message: string): Failure {
  return new Failure(message, {
    kind: "refused",
    reason: "insufficient_disk",
    hint: "free some space, or lower disk_reserve below [limits] in config.toml",
  });
}
