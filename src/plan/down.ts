/** Everything of this device stopped: what `harbornode down` asks for. */
import type { WorkloadMemory } from "../model/memory.ts";
import type { Observation } from "../model/observed.ts";
import type { Action } from "./action.ts";
import { retire } from "./converge.ts";

/** Stops and forgets every instance that can be seen; what can't be seen is left as it is. */
export function planDown(
  observations: readonly Observation[],
  { memory, busy }: { memory: ReadonlyMap<string, WorkloadMemory>; busy: ReadonlySet<string> },
): Action[] {
  return observations.flatMap((observation) => observation.ok ? observation.instances : [])
    .filter((instance) => !busy.has(instance.workload))
    .flatMap((instance) =>
      retire(instance, memory.get(instance.workload)?.applied?.workload, {
        reason: "forced",
        message: '"harbornode down" was said on the device',
      })
    );
}
