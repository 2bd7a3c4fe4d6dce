/** Stage: assesses the instances of every workload against the spec that counts for it. */
import { observedInstances } from "../../model/instance.ts";
import { assessInstances, type InstanceAssessment } from "./assess_instance.ts";
import type { PlanContext, PlanInput } from "./plan_input.ts";
import type { ResolvedWorkload } from "./resolved_workload.ts";

/** Assessments of the instances of each workload, by its name, in the order of the observed instances. */
export type Assessments = ReadonlyMap<string, readonly InstanceAssessment[]>;

type AssessContext = Pick<PlanContext, "byWorkload" | "states" | "probedHealth" | "now">;

/**
 * Assesses what the rollout stage has not assessed yet: that stage decides by the assessments, and returns those of the
 * spec that it chose. Instances of workloads without a spec are not assessed.
 */
export function assessWorkloads(workloads: readonly ResolvedWorkload[], context: AssessContext): Assessments {
  return new Map(workloads.map((workload) => {
    return [workload.name, workload.rollout?.instances ?? assessWorkload(workload, context)];
  }));
}

/** Assesses the workloads of an earlier plan against newer observations: a shutdown makes no new plan. */
export function reassessWorkloads(
  workloads: readonly ResolvedWorkload[],
  { observations, ...input }: Pick<PlanInput, "observations" | "states" | "probedHealth" | "now">,
): Assessments {
  const byWorkload = Map.groupBy(observedInstances(observations), (instance) => instance.workload);
  return new Map(workloads.map((workload) => [workload.name, assessWorkload(workload, { ...input, byWorkload })]));
}

function assessWorkload(
  { name, spec }: ResolvedWorkload,
  { byWorkload, states, probedHealth, now }: AssessContext,
): InstanceAssessment[] {
  if (spec === null) return [];
  const instances = byWorkload.get(name) ?? [];
  return assessInstances(spec, { instances, state: states.get(name), probedHealth, now });
}
