/** A slot has one instance, or two of different fingerprints while one takes the place of the other. */
import { Failure } from "../../failure.ts";
import type { SupervisedInstance } from "./supervised_instance.ts";

/** Throws a `Failure` where one runs there already. `beside`: one of another fingerprint than this may. */
export function assertSlotFree(
  instances: Iterable<SupervisedInstance>,
  { workload, slot, beside }: { workload: string; slot: number; beside: string | null },
): void {
  for (const instance of instances) {
    if (instance.record.workload !== workload || instance.record.slot !== slot || instance.hasExited) continue;
    if (beside !== null && instance.record.fingerprint !== beside) continue;
    throw new Failure(`${workload}[${slot}] already runs (pid ${instance.service?.pid})`, {
      kind: "waiting",
      reason: "internal_error",
    });
  }
}
