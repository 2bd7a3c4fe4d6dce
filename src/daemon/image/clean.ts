/** Old images go only after all that is asked for runs, and never those that a workload may have to go back to. */
import { asFailure } from "../../failure.ts";
import { logger } from "../../log.ts";
import { keptSpecs, type WorkloadMemory } from "../../model/memory.ts";
import { withImageUpdate } from "../../plan/rollout/image_update.ts";
import type { Device } from "../device.ts";

const log = logger("image");

/** Returns at once: removing takes its time, and no pass waits for it. Nothing is removed while anything is under way. */
export function cleanImages(device: Device): void {
  const { desired, plan, memory, busy, observations } = device;
  if (desired === null || busy.size > 0 || plan.actions.length > 0) return;
  // Whether it becomes healthy is not known yet.
  const isUnderWay = ({ rollouts }: WorkloadMemory) => rollouts?.underWay !== undefined && !rollouts.underWay.failed;
  if ([...memory.all.values()].some(isUnderWay)) return;
  if (observations.some((observation) => !observation.ok)) return;
  const asked = [...desired.workloads, ...[...desired.choices?.values() ?? []].flatMap((choice) => choice.specs)];
  const now = device.clock.now();
  const specs = [
    // A tag that is followed does not need what it stood for at first.
    ...asked.map((spec) => withImageUpdate(spec, { memory: memory.all.get(spec.name), now }).spec),
    ...plan.workloads.flatMap(({ spec }) => spec ?? []),
    ...[...memory.all.values()].flatMap(keptSpecs),
  ];
  for (const runtime of device.runtimes.values()) {
    runtime.keep(specs).catch((error) => {
      if (!device.stopped.aborted) log.warn("old images stay: {message}", { message: asFailure(error).message });
    });
  }
}
