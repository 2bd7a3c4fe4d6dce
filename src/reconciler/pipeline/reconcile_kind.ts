/** What runs for ever is converged; a job runs and ends. */
import { canonical } from "../../model/fingerprint.ts";
import type { Instance } from "../../model/instance.ts";
import type { Action } from "./action.ts";
import { CLOCK_CHECK_MS } from "./gates/clock_sync.ts";
import { type ReconcileInput, reconcileWorkload, type Step } from "./reconcile_workload.ts";
import { reconcileJob } from "./job_runs.ts";
import type { PlannedState } from "./plan.ts";

export interface ReconcileKindOptions {
  since: number;
  /** Why the clock is not believed; null when it is. */
  clock: string | null;
  remember: (said: PlannedState) => void;
}

export function reconcileKind(input: ReconcileInput, { since, clock, remember }: ReconcileKindOptions): Step {
  const { spec } = input;
  const isOver = input.instances.some((instance) => instance.runtime !== spec.runtime || instance.slot > 0);
  if (spec.job === null || !spec.enabled) return reconcileWorkload(input);
  if (isOver) {
    // What is too much goes first. When the next run begins is for the schedule to say, not for what is missing.
    const first = reconcileWorkload(input);
    const isKept = (instance: Instance) => instance.runtime === spec.runtime && instance.slot === 0;
    return { ...first, actions: first.actions.filter((action) => "instance" in action && !isKept(action.instance)) };
  }
  const step = reconcileJob({ ...input, job: spec.job, since });
  // Nothing is remembered of a wrong time either: runs that were due would be taken for past.
  if (clock !== null && spec.job.schedule !== null) {
    const waiting = { reason: "clock_wrong" as const, message: `its schedule waits: ${clock}` };
    return { ...step, actions: [], waiting, wakeAt: input.now + CLOCK_CHECK_MS };
  }
  if (canonical(step.jobMemory) !== canonical(input.state?.job)) remember({ job: step.jobMemory });
  // Nothing is stopped either for what may not be started.
  const isStart = (action: Action) => action.type === "start" || (action.type === "stop" && action.isReplaced === true);
  if (input.blocked === null || !step.actions.some(isStart)) return step;
  return { ...step, actions: [], waiting: input.blocked };
}
