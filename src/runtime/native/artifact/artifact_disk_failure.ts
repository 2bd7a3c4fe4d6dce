/** What a full, read-only or broken disk means for an artifact. */
import { insufficientDisk, type SpaceLimit } from "../../../os/disk_reserve.ts";
import { diskFault, diskWords, Failure } from "../../../failure.ts";

/** Of an artifact; its `folder` exists. */
export type DiskGuard = SpaceLimit;

/** The error itself, or the failure that it is when the disk refused: full, read-only or broken. */
export function asDiskFailure(error: unknown, name: string): unknown {
  const fault = diskFault(error);
  if (fault === null) return error;
  if (fault === "full") return insufficientDisk(`the disk is full, and ${name} is not here whole`);
  const { is, reason, hint } = diskWords(fault);
  return new Failure(`the disk ${is}, and ${name} is not here whole`, { kind: "waiting", reason, hint, cause: error });
}
