/** The policy of the device over all workloads of a plan: what is refused of each, and what is too much together. */
import type { Desired, RuntimeOptions } from "../../../model/desired.ts";
import { overQuota } from "../../../model/policy/quota.ts";
import {
  evaluatePolicy,
  firstViolation,
  joinViolations,
  type PolicyViolation,
} from "../../../model/policy/evaluate_policy.ts";
import type { Workload } from "../../../model/workload.ts";
import { chooseRuntime, type RuntimeChoice, type RuntimeChoiceInput } from "../runtime_choice.ts";
import type { PlanInput } from "../plan_input.ts";

/**
 * For any of `specs`, in any of its modes: null when all of it is allowed. What is refused by itself takes nobody's place.
 */
export function policyChecker(
  specs: readonly Workload[],
  { policy, states, choices }: Pick<PlanInput, "policy" | "states"> & { choices?: Desired["choices"] },
): (spec: Workload) => PolicyViolation | null {
  const applied = (name: string) => {
    const known = states.get(name)?.applied?.workload;
    return known?.enabled === true ? known.replicas : 0;
  };
  const counted = specs.flatMap((spec) => {
    const modes = choices?.get(spec.name)?.specs ?? [spec];
    if (modes.some((mode) => evaluatePolicy(mode, policy).length === 0)) return spec;
    // It stays as it was.
    return applied(spec.name) > 0 ? { ...spec, replicas: applied(spec.name) } : [];
  });
  const tooMuch = overQuota(counted, { policy, applied });
  // What is switched off runs nothing, and must be able to stop.
  return (spec) =>
    spec.enabled ? joinViolations([...evaluatePolicy(spec, policy), ...[tooMuch.get(spec.name) ?? []].flat()]) : null;
}

/**
 * As `chooseMode`, of the modes that the policy leaves. Where it leaves none, or the owner's own word is one that it
 * denies, the choice is as without it, and what is chosen is refused.
 */
export function chooseAllowedRuntime(
  choice: RuntimeOptions,
  input: RuntimeChoiceInput & Pick<PlanInput, "policy">,
): RuntimeChoice {
  const { name } = choice.specs[0]!;
  const wanted = Object.hasOwn(input.owner.modes, name) ? input.owner.modes[name] : null;
  const refused = choice.specs.filter((spec) => firstViolation(spec, input.policy) !== null);
  const left = choice.specs.filter((spec) => !refused.includes(spec));
  const [denied] = refused;
  if (denied === undefined || left.length === 0 || denied.runtime === wanted) return chooseRuntime(choice, input);
  const preferred = left.some((spec) => spec.runtime === choice.preferred) ? choice.preferred : null;
  const runtimeChoice = chooseRuntime({ specs: left, preferred }, input);
  const reason = `as ${denied.runtime} it is refused: ${firstViolation(denied, input.policy)!.message}`;
  return { ...runtimeChoice, mode: { chosen: runtimeChoice.spec.runtime, reason } };
}
