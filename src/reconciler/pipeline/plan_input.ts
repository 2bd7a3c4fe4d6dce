/** All that a plan is made of. */
import type { Desired } from "../../model/desired.ts";
import type { MaintenanceWindow } from "../../model/maintenance_window.ts";
import type { WorkloadState } from "../../model/workload_state.ts";
import type { Observation } from "../../model/instance.ts";
import type { Policy } from "../../model/policy/policy.ts";
import type { RuntimeName } from "../../model/workload.ts";
import type { RetryState } from "./retry_state.ts";
import type { ProbedHealths } from "./instance_health.ts";
import type { OperatorModes } from "./runtime_choice.ts";
import type { QuarantinedRevision } from "./rollout/revision_rollback.ts";

export interface PlanInput {
  /** Null while nothing is known yet: then nothing is done. */
  desired: Desired | null;
  observations: readonly Observation[];
  enabledRuntimes: readonly RuntimeName[];
  /** Runtimes that have answered since the daemon started. */
  answered: ReadonlySet<RuntimeName>;
  /** Since when each runtime has answered without a break, in ms since 1970; none of those that do not. */
  answeringSince: ReadonlyMap<RuntimeName, number>;
  owner: OperatorModes;
  policy: Policy;
  /** The device's own maintenance windows; null once the owner said that this revision need not wait for any. */
  windows: readonly MaintenanceWindow[] | null;
  states: ReadonlyMap<string, WorkloadState>;
  retries: ReadonlyMap<string, RetryState>;
  /** Workloads that actions are being carried out for. */
  busy: ReadonlySet<string>;
  /** Instances that the owner wants replaced by a fresh start, by id; a job of which none is here by its name. */
  forcedRestarts: ReadonlySet<string>;
  probedHealth: ProbedHealths;
  /** Bytes of memory that workloads may ask for together; null when it is not known. */
  memoryBytes: number | null;
  /** Since when this daemon has been there to begin runs of jobs. */
  since: number;
  /** What goes back with a workload that fails, where its manifest does not say. */
  rolloutScope: "workload" | "revision";
  /** The revision that was taken back last; null for none. */
  quarantinedRevision: QuarantinedRevision | null;
  /** How long a workload stays that git has removed, in case it comes back. */
  graceMs: number;
  pruneDoubt: string | null;
  pruneConfirmed: string | null;
  /** Why `now` is not believed; null or absent when it is. */
  clockDoubt?: string | null;
  /** Since when the clock has run without being set, as far as this daemon has seen; absent: always. */
  clockSetAt?: number;
  /** A time that it is by now at least, though `now` is not believed; absent: `now`. */
  earliestNow?: number;
  now: number;
}
