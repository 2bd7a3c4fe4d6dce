/** A slot has one instance, or two of different fingerprints while one takes the place of the other. */
import { Failure } from "../../failure.ts";
import type { Supervised } from "./supervised.ts";

/** Throws a `Failure` where one runs there already. `beside`: one of another fingerprint than this may. */
export function refuseSecond(
  instances: Iterable<Supervised>,
  { workload, slot, beside }: { workload: string; slot: number; beside: string | null },
): void {
  for (const one of instances) {
    if (one.record.workload !== workload || one.record.slot !== slot || one.isOver) continue;
    if (beside !== null && one.record.fingerprint !== beside) continue;
    throw new Failure(`${workload}[${slot}] already runs (pid ${one.service?.pid})`, {
      kind: "waiting",
      reason: "internal_error",
    });
  }
}
