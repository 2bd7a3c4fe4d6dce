/** Stop of all workloads: for `harbornode down`, and for a system shutdown. */
import type { WorkloadState } from "../../../model/workload_state.ts";
import { isAlive, type Observation, observedInstances } from "../../../model/instance.ts";
import type { Action } from "../action.ts";
import { teardown } from "../instance_actions.ts";
import { removableNow } from "../dependencies.ts";

/** "down": the operator stops everything. "shutdown": the machine goes down, and its next boot starts everything again. */
export type ShutdownKind = "down" | "shutdown";

const MESSAGES: Record<ShutdownKind, string> = {
  down: '"harbornode down" was said on the device',
  shutdown: "the machine goes down",
};

/**
 * Plans the stop and removal of every observed instance, dependents first: a dependency follows in a later plan, when its
 * dependents are gone. A shutdown keeps ended instances, whose exit codes still count after the boot.
 */
export function planStopAll(
  observations: readonly Observation[],
  { states, busy, why = "down" }: {
    states: ReadonlyMap<string, WorkloadState>;
    /** Workloads with an operation under way, which are left alone. */
    busy: ReadonlySet<string>;
    why?: ShutdownKind;
  },
): Action[] {
  const instances = observedInstances(observations)
    .filter((instance) => why === "down" || isAlive(instance));
  const free = removableNow([...new Set(instances.map((instance) => instance.workload))], states);
  return instances
    .filter((instance) => free.has(instance.workload) && !busy.has(instance.workload))
    .flatMap((instance) =>
      teardown(instance, states.get(instance.workload)?.applied?.workload, { reason: "forced", message: MESSAGES[why] })
    );
}
