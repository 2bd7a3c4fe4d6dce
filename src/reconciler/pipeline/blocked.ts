/** Reasons that keep the planner from starting or changing a workload. */
import type { ReasonCode } from "../../model/reason.ts";

/** Reason why nothing of a workload is started for now, though its spec asks for it. */
export interface Blocked {
  reason: ReasonCode;
  /** One sentence without a final period. */
  message: string;
}

/** Reason why a valid manifest is not applied: a gate keeps the last applied spec in place. */
export interface Gated extends Blocked {
  hint: string | null;
}
