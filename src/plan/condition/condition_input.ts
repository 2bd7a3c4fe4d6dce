/** What is said of a workload, and what it is told from. */
import type { WorkloadMemory } from "../../model/memory.ts";
import type { Instance, Observation } from "../../model/observed.ts";
import type { ReasonCode } from "../../model/reason.ts";
import type { Health, Phase, Sync } from "../../model/snapshot.ts";
import type { RuntimeName } from "../../model/workload.ts";
import type { Blocked } from "../admission.ts";
import type { Attempt } from "../attempt.ts";
import type { Effective } from "../effective.ts";
import type { Verdicts } from "../health.ts";

export interface Condition {
  sync: Sync;
  phase: Phase;
  health: Health;
  reason: ReasonCode;
  message: string;
  /** One concrete thing to do about it; null when nothing is known. */
  hint: string | null;
}

export interface ConditionInput {
  workload: Effective;
  /** Of this workload. */
  instances: readonly Instance[];
  observations: readonly Observation[];
  enabledRuntimes: readonly RuntimeName[];
  memory: WorkloadMemory | undefined;
  attempt: Attempt | undefined;
  /** What is being done for it right now, like "pulling nginx:1.27: 4 of 60 MB"; null when nothing is. */
  progress: string | null;
  verdicts: Verdicts;
  /** Why something of it that is to be started is not yet; null when nothing waits. */
  waiting: Blocked | null;
  now: number;
}

export interface InstanceCondition {
  phase: Phase;
  health: Health;
}

/** Without a hint where there is none. */
export type Told = Omit<Condition, "hint"> & Partial<Pick<Condition, "hint">>;
