/** Explanation of a status, for people and machines. */
import type { ReasonCode } from "../model/reason.ts";

export interface Explanation {
  reason: ReasonCode;
  /** One sentence without a final period. */
  message: string;
  /** One concrete thing to do; null or absent when nothing is known. */
  hint?: string | null;
}
