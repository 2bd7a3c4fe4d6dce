/** Input of a plan. */
import type { Desired } from "../../model/desired.ts";
import type { MaintenanceWindow } from "../../model/maintenance_window.ts";
import type { WorkloadState } from "../../model/workload_state.ts";
import { type Instance, type Observation, observedInstances } from "../../model/instance.ts";
import type { Policy } from "../../model/policy/policy.ts";
import type { QuarantinedRevision } from "../../model/rollout.ts";
import type { RuntimeName } from "../../model/workload.ts";
import type { ClockReading } from "./elapsed.ts";
import type { RetryState } from "./retry_state.ts";
import type { ProbedHealths } from "./instance_health.ts";
import type { OperatorModes } from "./runtime_choice.ts";

export interface PlanInput extends ClockReading {
  /** Desired state; null before the first revision was read, and then the plan is empty. */
  desired: Desired | null;
  observations: readonly Observation[];
  enabledRuntimes: readonly RuntimeName[];
  /** Runtimes that have answered at least once since the daemon started. */
  answered: ReadonlySet<RuntimeName>;
  /** Start of the present period without a failed observation, in ms since 1970. Lacks runtimes that do not answer. */
  answeringSince: ReadonlyMap<RuntimeName, number>;
  owner: OperatorModes;
  policy: Policy;
  /** Maintenance windows of the device; null when the operator asked to apply this revision outside of them. */
  windows: readonly MaintenanceWindow[] | null;
  states: ReadonlyMap<string, WorkloadState>;
  retries: ReadonlyMap<string, RetryState>;
  /** Workloads with an operation under way: the planner leaves them alone. */
  busy: ReadonlySet<string>;
  /** Instances that the operator asked to restart, by id; for a job without an instance, the workload's name. */
  forcedRestarts: ReadonlySet<string>;
  probedHealth: ProbedHealths;
  /** Memory in bytes that all workloads together may be promised; null when the size of the RAM is unknown. */
  memoryBytes: number | null;
  /** Start of this daemon, in ms since 1970: runs of jobs that were due before it were missed. */
  since: number;
  /** Scope of a rollback for manifests that do not set `rollout.scope`. */
  rolloutScope: "workload" | "revision";
  /** Last revision that was rolled back as a whole; null for none. */
  quarantinedRevision: QuarantinedRevision | null;
  /** Time for which a workload stays after git deleted it (`prune_grace`). */
  graceMs: number;
  /** Reason to doubt that the repository is the right one; null for none. Nothing is removed meanwhile. */
  pruneDoubt: string | null;
  /** Revision whose removals the operator confirmed. */
  pruneConfirmed: string | null;
  /** Reason to doubt the device's clock; null or absent when `now` is plausible. */
  clockDoubt?: string | null;
  /** Time that has passed for certain, though `now` is doubted; absent: `now`. */
  earliestNow?: number;
}

/** Input that every stage shares: a `PlanInput` with a revision, and the observed instances in a fixed order. */
export interface PlanContext extends PlanInput {
  desired: Desired;
  /** Observed instances, sorted by workload, slot and id. */
  instances: readonly Instance[];
  byWorkload: ReadonlyMap<string, readonly Instance[]>;
  /** Reason why the whole desired revision is rolled back; null when it is not. */
  revisionFailure: string | null;
}

/** Sorts and groups the observed instances, so that the order in which runtimes list them never matters. */
export function planContext(input: PlanInput, desired: Desired): PlanContext {
  const instances = observedInstances(input.observations)
    .sort((a, b) => compare(a.workload, b.workload) || a.slot - b.slot || compare(a.id, b.id));
  const byWorkload = Map.groupBy(instances, (instance) => instance.workload);
  const quarantined = input.quarantinedRevision;
  const revisionFailure = quarantined?.revision === desired.revision ? quarantined.message : null;
  return { ...input, desired, instances, byWorkload, revisionFailure };
}

/** True when the runtime is enabled and its last observation succeeded. */
export function isObserved(
  runtime: RuntimeName,
  { enabledRuntimes, observations }: Pick<PlanInput, "enabledRuntimes" | "observations">,
): boolean {
  return enabledRuntimes.includes(runtime) &&
    observations.some((observation) => observation.runtime === runtime && observation.ok);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
