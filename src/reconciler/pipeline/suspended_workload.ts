/**
 * Suspended workload: git changes nothing of it, because the operator or its manifest suspends it. It is kept as it was
 * last applied: an instance that crashed, was changed by hand or is missing after a boot is started again.
 */
import { fingerprint as fingerprintOf } from "../../model/fingerprint.ts";
import { isAlive } from "../../model/instance.ts";
import { NO_ROLLOUTS, type RolloutState } from "../../model/rollout.ts";
import type { Action } from "./action.ts";
import type { InstanceAssessment } from "./assess_instance.ts";
import type { ReconcileInput, Step } from "./step.ts";

/**
 * Reconciles a workload with its last applied spec by `reconcile`. A living instance of another spec, as an unfinished
 * rollout leaves it, is not stopped, and nothing is started in its slot.
 */
export function reconcileSuspended(input: ReconcileInput, reconcile: (input: ReconcileInput) => Step): Step {
  const { spec, instances } = input;
  const replicas = spec.enabled ? spec.replicas : 0;
  const others = instances.filter(({ instance, isCurrent }) =>
    isAlive(instance) && !(isCurrent && instance.slot < replicas)
  );
  if (others.length === 0) return reconcile(input);
  if (spec.job !== null) {
    return { fingerprint: fingerprintOf(spec), actions: [], wakeAt: null, waiting: null, planned: {} };
  }
  // A canary serves nobody yet: its slot is free.
  const taken = new Set(others.flatMap(({ instance }) => instance.canary === true ? [] : [instance.slot]));
  // An ended instance in a taken slot would only use up the parallelism of the other slots.
  const isConsidered = (assessed: InstanceAssessment) =>
    !others.includes(assessed) && (isAlive(assessed.instance) || !taken.has(assessed.instance.slot));
  const step = reconcile({ ...input, instances: instances.filter(isConsidered) });
  const actions = step.actions.filter((action) => !taken.has(slotOf(action)));
  return { ...step, actions: actions.every((action) => action.type === "prepare") ? [] : actions };
}

/** Returns the rollouts without the one under way, which begins anew with its whole deadline when the workload resumes. */
export function suspendedRollouts(known: RolloutState = NO_ROLLOUTS): RolloutState | null {
  if (known.underWay === undefined || known.underWay.failed !== undefined) return null;
  const { underWay: _, ...rest } = known;
  return rest;
}

function slotOf(action: Action): number {
  if (action.type === "prepare") return -1;
  return action.type === "start" ? action.slot : action.instance.slot;
}
