/** What is known of actions that could not be carried out. */
import type { ReasonCode } from "../model/reason.ts";

/** A chain of actions that failed: nothing more is tried with this fingerprint before `retryAt`. */
export interface Attempt {
  fingerprint: string;
  failures: number;
  /** To try it again as it is promises nothing: a person must change something. */
  isFinal: boolean;
  retryAt: number;
  reason: ReasonCode;
  message: string;
  hint: string | null;
}
