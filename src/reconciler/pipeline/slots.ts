/** Slots: the instances of a workload by replica, and those that no slot has room for. */
import { isAlive } from "../../model/instance.ts";
import type { Workload } from "../../model/workload.ts";
import type { Cause } from "./action.ts";
import type { InstanceAssessment } from "./assess_instance.ts";

export interface Slot {
  slot: number;
  /** Instance with the fingerprint of the spec. */
  current: InstanceAssessment | null;
  /** Instance with another fingerprint: the predecessor of `current`. */
  old: InstanceAssessment | null;
}

export interface Slots {
  slots: Slot[];
  surplus: { instance: InstanceAssessment; cause: Cause }[];
}

/** Assigns every instance to exactly one slot or to the surplus. The result has every slot of the spec. */
export function slotsOf(spec: Workload, instances: readonly InstanceAssessment[]): Slots {
  const replicas = spec.enabled ? spec.replicas : 0;
  const slots = Array.from({ length: replicas }, (_, slot): Slot => ({ slot, current: null, old: null }));
  const surplus: Slots["surplus"] = [];
  for (const instance of instances) {
    const cause = surplusCause(instance, { spec, replicas });
    if (cause !== null) {
      surplus.push({ instance, cause });
      continue;
    }
    const slot = slots[instance.instance.slot]!;
    const key = instance.isCurrent ? "current" : "old";
    const rival = slot[key];
    if (rival === null) {
      slot[key] = instance;
      continue;
    }
    const [kept, dropped] = preferred(rival, instance);
    slot[key] = kept;
    const message = `slot ${slot.slot} has two instances`;
    surplus.push({ instance: dropped, cause: { reason: "drift", message } });
  }
  return { slots, surplus };
}

function surplusCause(
  { instance }: InstanceAssessment,
  { spec, replicas }: { spec: Workload; replicas: number },
): Cause | null {
  if (!spec.enabled) return { reason: "disabled", message: "its manifest says enabled = false" };
  if (instance.runtime !== spec.runtime) {
    return { reason: "runtime_changed", message: `moves from ${instance.runtime} to ${spec.runtime}` };
  }
  if (instance.slot < replicas) return null;
  return { reason: "replica_surplus", message: `its manifest asks for replicas = ${replicas}` };
}

/**
 * Chooses between two instances of one slot: a living one before an ended one, of two living ones the older, which
 * clients may be connected to, and of two ended ones the newer, whose exit code is the latest result of the slot.
 */
function preferred(
  a: InstanceAssessment,
  b: InstanceAssessment,
): [kept: InstanceAssessment, dropped: InstanceAssessment] {
  const aIsAlive = isAlive(a.instance);
  if (aIsAlive !== isAlive(b.instance)) return aIsAlive ? [a, b] : [b, a];
  const [older, newer] = (a.instance.startedAt ?? 0) <= (b.instance.startedAt ?? 0) ? [a, b] : [b, a];
  return aIsAlive ? [older, newer] : [newer, older];
}
