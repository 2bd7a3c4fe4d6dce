/** The instances of a workload by slot: what is as asked, what it follows, and what is too much. */
import type { Instance } from "../../model/instance.ts";
import type { Workload } from "../../model/workload.ts";
import { type Cause, isAlive } from "./teardown_actions.ts";

export interface Slot {
  slot: number;
  /** The one of the wanted fingerprint. */
  current: Instance | null;
  /** One of another fingerprint: what `current` follows, or will. */
  old: Instance | null;
}

export interface Slots {
  slots: Slot[];
  surplus: { instance: Instance; cause: Cause }[];
}

/** Every instance is in it once, and every slot of the spec. */
export function slotsOf(
  spec: Workload,
  { instances, fingerprint }: { instances: readonly Instance[]; fingerprint: string },
): Slots {
  const replicas = spec.enabled ? spec.replicas : 0;
  const slots = Array.from({ length: replicas }, (_, slot): Slot => ({ slot, current: null, old: null }));
  const surplus: Slots["surplus"] = [];
  for (const instance of instances) {
    const cause = surplusReason(instance, spec, replicas);
    if (cause !== null) {
      surplus.push({ instance, cause });
      continue;
    }
    const place = slots[instance.slot]!;
    const key = instance.fingerprint === fingerprint ? "current" : "old";
    const rival = place[key];
    if (rival === null) {
      place[key] = instance;
      continue;
    }
    const [keep, drop] = preferred(rival, instance);
    place[key] = keep;
    const message = `slot ${instance.slot} has two instances`;
    surplus.push({ instance: drop, cause: { reason: "drift", message } });
  }
  return { slots, surplus };
}

function surplusReason(instance: Instance, spec: Workload, replicas: number): Cause | null {
  if (!spec.enabled) return { reason: "disabled", message: "its manifest says enabled = false" };
  if (instance.runtime !== spec.runtime) {
    return { reason: "runtime_changed", message: `moves from ${instance.runtime} to ${spec.runtime}` };
  }
  if (instance.slot < replicas) return null;
  return { reason: "replica_surplus", message: `its manifest asks for replicas = ${replicas}` };
}

/**
 * The one that runs. Of two that run the older one stays, which others may have found already; of two that ended the
 * newer one, whose exit code is what came of the slot.
 */
function preferred(a: Instance, b: Instance): [keep: Instance, drop: Instance] {
  if (isAlive(a) !== isAlive(b)) return isAlive(b) ? [b, a] : [a, b];
  const [older, newer] = (a.startedAt ?? 0) <= (b.startedAt ?? 0) ? [a, b] : [b, a];
  return isAlive(a) ? [older, newer] : [newer, older];
}
