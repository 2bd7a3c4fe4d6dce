/** Stage: chooses the runtime of each desired workload, among those that its manifest and the policy allow. */
import type { Kind, Workload } from "../../model/workload.ts";
import { chooseAllowedRuntime } from "./gates/policy_gate.ts";
import type { PlanContext } from "./plan_input.ts";
import type { RuntimeChoice } from "./runtime_choice.ts";

/** A workload on its way from the manifest to the spec that counts. Each stage adds its finding. */
export interface Candidate {
  name: string;
  kind: Kind;
  spec: Workload;
  /** Choice of the runtime; null for a workload that was not read from a manifest. */
  runtimeChoice: RuntimeChoice | null;
}

export function resolveRuntimes(context: PlanContext): Candidate[] {
  return context.desired.workloads.map((workload) => {
    const { name, kind } = workload;
    const options = context.desired.choices?.get(name);
    if (options === undefined) return { name, kind, spec: workload, runtimeChoice: null };
    const instances = context.byWorkload.get(options.specs[0]!.name) ?? [];
    const runtimeChoice = chooseAllowedRuntime(options, {
      ...context,
      instances,
      state: context.states.get(name),
      isForced: instances.some((instance) => context.forcedRestarts.has(instance.id)),
    });
    return { name, kind, spec: runtimeChoice.spec, runtimeChoice };
  });
}
