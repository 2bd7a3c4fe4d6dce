/** Everything of this device stopped: what `harbornode down` asks for, and a machine that is switched off. */
import type { WorkloadState } from "../../../model/workload_state.ts";
import { type Observation, observedInstances } from "../../../model/instance.ts";
import type { Action } from "../action.ts";
import { isAlive, teardown } from "../teardown_actions.ts";
import { removableNow } from "../dependencies.ts";

/** "down": for good, as the owner said. "shutdown": the machine goes down, and the next boot starts everything again. */
export type ShutdownKind = "down" | "shutdown";

const MESSAGES: Record<ShutdownKind, string> = {
  down: '"harbornode down" was said on the device',
  shutdown: "the machine goes down",
};

/**
 * Stops and forgets every instance that can be seen; what cannot be seen is left as it is. In
 * reverse of the order of starts: what others depend on comes in a later turn, when they are gone. With the machine, what
 * has ended by itself stays: how it ended still counts when it is back.
 */
export function planStopAll(
  observations: readonly Observation[],
  { states, busy, why = "down" }: {
    states: ReadonlyMap<string, WorkloadState>;
    /** Left as they are. */
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
