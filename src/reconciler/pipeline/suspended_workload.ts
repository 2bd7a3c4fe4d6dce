/**
 * A workload that follows no change of git's, suspended on the device or by its manifest. It is kept as it was last
 * applied: what crashed, was changed by hand or is missing after a boot is started again.
 */
import { fingerprint as fingerprintOf } from "../../model/fingerprint.ts";
import type { Instance } from "../../model/instance.ts";
import { NO_ROLLOUTS, type RolloutState } from "../../model/rollout.ts";
import type { Workload } from "../../model/workload.ts";
import type { Action } from "./action.ts";
import type { Step } from "./reconcile_workload.ts";
import { isAlive } from "./teardown_actions.ts";

/**
 * The step to `spec`, the last applied one. An instance of another spec that is alive, as a rollout in the middle leaves
 * it, is stopped for nothing, and nothing is started in its slot.
 */
export function suspendedStep(
  spec: Workload,
  { instances, converge }: { instances: readonly Instance[]; converge: (instances: readonly Instance[]) => Step },
): Step {
  const fingerprint = fingerprintOf(spec);
  const replicas = spec.enabled ? spec.replicas : 0;
  const isOwn = (instance: Instance) =>
    instance.runtime === spec.runtime && instance.fingerprint === fingerprint && instance.slot < replicas;
  const others = instances.filter((instance) => isAlive(instance) && !isOwn(instance));
  if (others.length === 0) return converge(instances);
  if (spec.job !== null) return { fingerprint, actions: [], wakeAt: null, waiting: null };
  // A withheld one serves nobody yet.
  const taken = new Set(others.filter((instance) => instance.canary !== true).map((instance) => instance.slot));
  // What has ended in a taken slot would only take the turn of another one.
  const step = converge(
    instances.filter((instance) => !others.includes(instance) && (isAlive(instance) || !taken.has(instance.slot))),
  );
  const actions = step.actions.filter((action) => !taken.has(slotOf(action)));
  return { ...step, actions: actions.every((action) => action.type === "prepare") ? [] : actions };
}

function slotOf(action: Action): number {
  if (action.type === "prepare") return -1;
  return action.type === "start" ? action.slot : action.instance.slot;
}

/** Without the rollout that was under way: it begins anew, with all of its deadline, when changes are followed again. */
export function suspendedRollouts(known: RolloutState = NO_ROLLOUTS): RolloutState | null {
  if (known.underWay === undefined || known.underWay.failed !== undefined) return null;
  const { underWay: _, ...rest } = known;
  return rest;
}
