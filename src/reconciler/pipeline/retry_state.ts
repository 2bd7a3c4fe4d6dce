/** What is known of actions that could not be carried out. */
import type { ReasonCode } from "../../model/reason.ts";
import { delayUntil } from "./elapsed.ts";

/** A chain of actions that failed: nothing more is tried with this fingerprint before `retryAt`. */
export interface RetryState {
  fingerprint: string;
  failures: number;
  /** To try it again as it is promises nothing: a person must change something. */
  isFinal: boolean;
  retryAt: number;
  /** When the last of them failed, which `retryAt` counts from; absent: long ago. */
  failedAt?: number;
  reason: ReasonCode;
  message: string;
  hint: string | null;
}

/** When it is tried again; null: it may be now. */
export function retryOf({ retryAt, failedAt = 0 }: RetryState, now: number): number | null {
  return delayUntil(retryAt, { from: failedAt, now });
}
