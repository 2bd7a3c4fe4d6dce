/** What is said of a workload, and what it is told from. */
import type { WorkloadState } from "../model/workload_state.ts";
import type { Instance, Observation } from "../model/instance.ts";
import type { ReasonCode } from "../model/reason.ts";
import type { Health } from "../model/instance.ts";
import type { Phase, Sync } from "../model/snapshot.ts";
import type { RuntimeName } from "../model/workload.ts";
import type { Blocked } from "../reconciler/pipeline/feasibility.ts";
import type { RetryState } from "../reconciler/pipeline/retry_state.ts";
import type { ResolvedWorkload } from "../reconciler/pipeline/resolve_workloads.ts";
import type { ProbedHealths } from "../reconciler/pipeline/instance_health.ts";

export interface WorkloadCondition {
  sync: Sync;
  phase: Phase;
  health: Health;
  reason: ReasonCode;
  message: string;
  /** One concrete thing to do about it; null when nothing is known. */
  hint: string | null;
}

export interface StatusInput {
  workload: ResolvedWorkload;
  /** Of this workload. */
  instances: readonly Instance[];
  observations: readonly Observation[];
  enabledRuntimes: readonly RuntimeName[];
  state: WorkloadState | undefined;
  retry: RetryState | undefined;
  /** What is being done for it right now, like "pulling nginx:1.27: 4 of 60 MB"; null when nothing is. */
  progress: string | null;
  probedHealth: ProbedHealths;
  /** Why something of it that is to be started is not yet; null when nothing waits. */
  waiting: Blocked | null;
  now: number;
}

export interface InstancePhase {
  phase: Phase;
  health: Health;
}

/** Without a hint where there is none. */
export type StatusLine = Omit<WorkloadCondition, "hint"> & Partial<Pick<WorkloadCondition, "hint">>;
