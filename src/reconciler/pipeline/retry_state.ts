/** Failed operations, and when they are tried again. */
import type { ReasonCode } from "../../model/reason.ts";
import { delayUntil } from "./elapsed.ts";

/** Last failed operation of a workload: nothing is tried again with this fingerprint before `retryAt`. */
export interface RetryState {
  fingerprint: string;
  failures: number;
  /** A retry without a change is expected to fail in the same way: a person must change something. */
  isFinal: boolean;
  retryAt: number;
  /** Time of the last failure, from which the delay until `retryAt` counts; absent: long ago. */
  failedAt?: number;
  reason: ReasonCode;
  message: string;
  hint: string | null;
}

/** Returns when the operation is tried again; null when it may be tried now. */
export function retryTime({ retryAt, failedAt = 0 }: RetryState, now: number): number | null {
  return delayUntil(retryAt, { from: failedAt, now });
}
