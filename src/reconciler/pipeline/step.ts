/** Input and result of reconciling one workload. */
import type { WorkloadState } from "../../model/workload_state.ts";
import type { Workload } from "../../model/workload.ts";
import type { Action, Cause } from "./action.ts";
import type { InstanceAssessment } from "./assess_instance.ts";
import type { Blocked } from "./blocked.ts";
import type { DependencyStart } from "./dependencies.ts";
import type { ClockReading } from "./elapsed.ts";
import type { PlannedState } from "./planned_state.ts";

export interface ReconcileInput extends ClockReading {
  spec: Workload;
  /** All instances of the workload, of any slot, runtime and fingerprint, in a fixed order, assessed against `spec`. */
  instances: readonly InstanceAssessment[];
  state: WorkloadState | undefined;
  /** Instances that the operator asked to restart, by id; for a job without an instance, the workload's name. */
  forced: ReadonlySet<string>;
  /** Reason why nothing new is started; null when it may be. What runs already may come back. */
  blocked: Blocked | null;
  /** Cause of the change to `spec`, when it is not a change in git. */
  cause: Cause | null;
  /** Quarantined fingerprint: an instance of it is not kept for the sake of availability. Null for none. */
  quarantined: string | null;
  /** A rollout of this spec is under way, which its deadline ends. */
  isRollout: boolean;
  /** Last start of a dependency that `spec` has to be restarted with; null for none. */
  dependencyStart: DependencyStart | null;
  /** Start of this daemon, in ms since 1970: runs of jobs that were due before it were missed. */
  since: number;
  /** Reason to doubt the clock; null when it is plausible. */
  clockDoubt: string | null;
}

/** Result for one workload. */
export interface Step {
  fingerprint: string;
  /** In the order in which the executor runs them: prepare, publish, stop, remove, start, reload. */
  actions: Action[];
  wakeAt: number | null;
  /** Reason why something that is to be started is not; null for none. */
  waiting: Blocked | null;
  /** Changes of the workload state, to be persisted before any action runs. */
  planned: PlannedState;
}
