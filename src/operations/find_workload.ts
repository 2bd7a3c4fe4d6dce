/** A workload of this device by its name, as the owner says it. */
import { Failure } from "../failure.ts";
import type { ResolvedWorkload } from "../reconciler/pipeline/resolved_workload.ts";
import type { Plan } from "../reconciler/pipeline/plan.ts";

/** Throws a `Failure` (`mistake`) that names those that there are. */
export function findWorkload(plan: Pick<Plan, "workloads">, name: string): ResolvedWorkload {
  const found = plan.workloads.find((workload) => workload.name === name);
  return found ?? unknownWorkload(plan, name);
}

export function unknownWorkload(plan: Pick<Plan, "workloads">, name: string): never {
  const names = plan.workloads.map((workload) => workload.name);
  const hint = names.length === 0 ? "this device runs no workload yet" : `this device has: ${names.join(", ")}`;
  throw new Failure(`there is no workload "${name}" on this device`, { kind: "mistake", reason: "removed", hint });
}
