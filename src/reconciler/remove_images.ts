/** Old images go only after all that is asked for runs, and never those that a workload may have to go back to. */
import { asFailure } from "../failure.ts";
import { logger } from "../log.ts";
import { retainedSpecs, type WorkloadState } from "../model/workload_state.ts";
import { withPinnedDigest } from "./pipeline/pin_image.ts";
import type { Desired } from "../model/desired.ts";
import type { RuntimeName } from "../model/workload.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { Plan } from "./pipeline/plan.ts";

const log = logger("image");

/** Returns at once: removing takes its time, and no pass waits for it. Nothing is removed while anything is under way. */
export function removeUnusedImages(
  { desired, plan, states, runtimes, now, stopped }: {
    desired: Desired;
    plan: Pick<Plan, "workloads">;
    states: ReadonlyMap<string, WorkloadState>;
    runtimes: ReadonlyMap<RuntimeName, Runtime>;
    now: number;
    stopped: AbortSignal;
  },
): void {
  // Whether it becomes healthy is not known yet.
  const isUnderWay = ({ rollouts }: WorkloadState) => rollouts?.underWay !== undefined && !rollouts.underWay.failed;
  if ([...states.values()].some(isUnderWay)) return;
  const asked = [...desired.workloads, ...[...desired.choices?.values() ?? []].flatMap((choice) => choice.specs)];
  const specs = [
    // A tag that is followed does not need what it stood for at first.
    ...asked.map((spec) => withPinnedDigest(spec, { state: states.get(spec.name), now }).spec),
    ...plan.workloads.flatMap(({ spec }) => spec ?? []),
    ...[...states.values()].flatMap(retainedSpecs),
  ];
  for (const runtime of runtimes.values()) {
    runtime.collectImages?.(specs).catch((error) => {
      if (!stopped.aborted) log.warn("old images stay: {message}", { message: asFailure(error).message });
    });
  }
}
