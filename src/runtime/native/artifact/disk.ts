/** Free space, looked at before and while something is written: a full disk would harm everything else on the device. */
import { checkSpace, insufficientDisk, type SpaceLimit } from "../../../disk_space.ts";

export { checkSpace };

/** Of an artifact; its `folder` exists. */
export type DiskGuard = SpaceLimit;

/** How much is written between two looks. */
export const LOOK_EVERY_BYTES = 16 * 1024 ** 2;

/** The error itself, or the failure that it is when the disk is full. */
export function asDiskFailure(error: unknown, name: string): unknown {
  const text = error instanceof Error ? error.message : "";
  return /ENOSPC|EDQUOT|os error (28|122)\b/.test(text)
    ? insufficientDisk(`the disk is full, and ${name} is not here whole`)
    : error;
}
