/** Parts of the workload state that the planner decides. */
import type { WorkloadState } from "../../model/workload_state.ts";

/** Changes of one workload's state: runs of jobs, rollouts, drift repairs, ended overrides. Absent fields keep their value. */
export type PlannedState = Partial<Pick<WorkloadState, "job" | "rollouts" | "drift" | "goneSince" | "override">>;

export type PlannedStates = ReadonlyMap<string, PlannedState>;

/** Merges the changes of several stages, by workload name. A later stage overrides an earlier one. */
export function mergePlannedStates(...stages: PlannedStates[]): Map<string, PlannedState> {
  const merged = new Map<string, PlannedState>();
  for (const stage of stages) {
    for (const [name, planned] of stage) merged.set(name, { ...merged.get(name), ...planned });
  }
  return merged;
}
