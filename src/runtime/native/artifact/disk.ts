/** Free space, looked at before and while something is written: a full disk would harm everything else on the device. */
import { statfs } from "node:fs/promises";
import { diskFault, diskWords, Failure } from "../../../failure.ts";
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

/** The error itself, or the failure that it is when the disk refused: full, read-only or broken. */
export function asDiskFailure(error: unknown, name: string): unknown {
  const fault = diskFault(error);
  if (fault === null) return error;
  if (fault === "full") return insufficient(`the disk is full, and ${name} is not here whole`);
  const { is, reason, hint } = diskWords(fault);
  return new Failure(`the disk ${is}, and ${name} is not here whole`, { kind: "waiting", reason, hint, cause: error });
}

function insufficient(message: string): Failure {
  return new Failure(message, {
    kind: "refused",
    reason: "insufficient_disk",
    hint: "free some space, or lower disk_reserve below [limits] in config.toml",
  });
}
