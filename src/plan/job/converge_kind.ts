/** What runs for ever is converged; a job runs and ends. */
import { canonical } from "../../model/fingerprint.ts";
import type { Instance } from "../../model/observed.ts";
import type { Action } from "../action.ts";
import { CLOCK_LOOK_MS } from "../barred/clock_doubt.ts";
import { converge, type ConvergeInput, type Step } from "../converge.ts";
import { convergeJob } from "./job.ts";
import type { PlannedMemory } from "../plan.ts";

export interface ConvergeKindOptions {
  since: number;
  /** Why the clock is not believed; null when it is. */
  clock: string | null;
  remember: (said: PlannedMemory) => void;
}

export function convergeKind(input: ConvergeInput, { since, clock, remember }: ConvergeKindOptions): Step {
  const { spec } = input;
  const isOver = input.instances.some((one) => one.runtime !== spec.runtime || one.slot > 0);
  if (spec.job === null || !spec.enabled) return converge(input);
  if (isOver) {
    // What is too much goes first. When the next run begins is for the schedule to say, not for what is missing.
    const first = converge(input);
    const isKept = (one: Instance) => one.runtime === spec.runtime && one.slot === 0;
    return { ...first, actions: first.actions.filter((one) => "instance" in one && !isKept(one.instance)) };
  }
  const step = convergeJob({ ...input, job: spec.job, since });
  // Nothing is remembered of a wrong time either: runs that were due would be taken for past.
  if (clock !== null && spec.job.schedule !== null) {
    const waiting = { reason: "clock_wrong" as const, message: `its schedule waits: ${clock}` };
    return { ...step, actions: [], waiting, wakeAt: input.now + CLOCK_LOOK_MS };
  }
  if (canonical(step.jobMemory) !== canonical(input.memory?.job)) remember({ job: step.jobMemory });
  // Nothing is stopped either for what may not be started.
  const isStart = (action: Action) => action.type === "start" || (action.type === "stop" && action.isReplaced === true);
  if (input.blocked === null || !step.actions.some(isStart)) return step;
  return { ...step, actions: [], waiting: input.blocked };
}
