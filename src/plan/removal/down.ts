/** Everything of this device stopped: what `harbornode down` asks for. */
import type { WorkloadMemory } from "../../model/memory.ts";
import type { Observation } from "../../model/observed.ts";
import type { Action } from "../action.ts";
import { retire } from "../retire.ts";
import { mayLeave } from "../depends.ts";

/**
 * Stops and forgets every instance that can be seen; what can't be seen is left as it is. In
 * reverse of the order of starts: what others depend on comes in a later turn, when they are gone.
 */
export function planDown(
  observations: readonly Observation[],
  { memory, busy }: { memory: ReadonlyMap<string, WorkloadMemory>; busy: ReadonlySet<string> },
): Action[] {
  const instances = observations.flatMap((observation) => observation.ok ? observation.instances : []);
  const free = mayLeave([...new Set(instances.map((one) => one.workload))], memory);
  return instances
    .filter((instance) => free.has(instance.workload) && !busy.has(instance.workload))
    .flatMap((instance) =>
      retire(instance, memory.get(instance.workload)?.applied?.workload, {
        reason: "forced",
        message: '"harbornode down" was said on the device',
      })
    );
}
