/** Old images go only after all that is asked for runs, and never those that a workload may have to go back to. */
import { asFailure } from "../failure.ts";
import { logger } from "../log.ts";
import { retainedSpecs, type WorkloadState } from "../model/workload_state.ts";
import { withPinnedDigest } from "./pipeline/pin_image.ts";
import type { Device } from "../daemon/device.ts";

const log = logger("image");

/** Returns at once: removing takes its time, and no pass waits for it. Nothing is removed while anything is under way. */
export function removeUnusedImages(device: Device): void {
  const { desired, plan, workloadStates, operations, observations } = device;
  if (desired === null || operations.size > 0 || plan.actions.length > 0) return;
  // Whether it becomes healthy is not known yet.
  const isUnderWay = ({ rollouts }: WorkloadState) => rollouts?.underWay !== undefined && !rollouts.underWay.failed;
  if ([...workloadStates.all.values()].some(isUnderWay)) return;
  if (observations.some((observation) => !observation.ok)) return;
  const asked = [...desired.workloads, ...[...desired.choices?.values() ?? []].flatMap((choice) => choice.specs)];
  const now = device.clock.now();
  const specs = [
    // A tag that is followed does not need what it stood for at first.
    ...asked.map((spec) => withPinnedDigest(spec, { state: workloadStates.all.get(spec.name), now }).spec),
    ...plan.workloads.flatMap(({ spec }) => spec ?? []),
    ...[...workloadStates.all.values()].flatMap(retainedSpecs),
  ];
  for (const runtime of device.runtimes.values()) {
    runtime.collectImages(specs).catch((error) => {
      if (!device.stopped.aborted) log.warn("old images stay: {message}", { message: asFailure(error).message });
    });
  }
}
