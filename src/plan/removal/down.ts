/** Everything of this device stopped: what `harbornode down` asks for, and a machine that is switched off. */
import type { WorkloadMemory } from "../../model/memory.ts";
import type { Observation } from "../../model/observed.ts";
import type { Action } from "../action.ts";
import { isAlive, retire } from "../retire.ts";
import { mayLeave } from "../depends.ts";

/** "down": for good, as the owner said. "shutdown": the machine goes down, and the next boot starts everything again. */
export type GoingDown = "down" | "shutdown";

const MESSAGES: Record<GoingDown, string> = {
  down: '"harbornode down" was said on the device',
  shutdown: "the machine goes down",
};

/**
 * Stops and forgets every instance that can be seen; what can't be seen is left as it is. In
 * reverse of the order of starts: what others depend on comes in a later turn, when they are gone. With the machine, what
 * has ended by itself stays: how it ended still counts when it is back.
 */
export function planDown(
  observations: readonly Observation[],
  { memory, busy, why = "down" }: {
    memory: ReadonlyMap<string, WorkloadMemory>;
    /** Left as they are. */
    busy: ReadonlySet<string>;
    why?: GoingDown;
  },
): Action[] {
  const instances = observations.flatMap((observation) => observation.ok ? observation.instances : [])
    .filter((instance) => why === "down" || isAlive(instance));
  const free = mayLeave([...new Set(instances.map((one) => one.workload))], memory);
  return instances
    .filter((instance) => free.has(instance.workload) && !busy.has(instance.workload))
    .flatMap((instance) =>
      retire(instance, memory.get(instance.workload)?.applied?.workload, { reason: "forced", message: MESSAGES[why] })
    );
}
