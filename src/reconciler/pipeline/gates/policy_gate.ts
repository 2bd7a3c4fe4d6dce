/** Policy gate: what the device's policy denies of each workload by itself, and by quotas over all of them. */
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
 * Returns a function that tells what the policy denies of one of `specs`, in any of its runtimes; null for nothing. A
 * spec that is denied by itself does not count against a quota.
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
    // A denied workload keeps its last applied spec.
    return applied(spec.name) > 0 ? { ...spec, replicas: applied(spec.name) } : [];
  });
  const exceeding = overQuota(counted, { policy, applied });
  // A disabled workload runs nothing, and must be able to stop.
  return (spec) =>
    spec.enabled ? joinViolations([...evaluatePolicy(spec, policy), ...[exceeding.get(spec.name) ?? []].flat()]) : null;
}

/**
 * Chooses a runtime like `chooseRuntime`, among those that the policy allows. When the policy allows none, or denies the
 * one that the operator set, the choice ignores the policy, and the policy gate denies its result.
 */
export function chooseAllowedRuntime(
  choice: RuntimeOptions,
  input: RuntimeChoiceInput & Pick<PlanInput, "policy">,
): RuntimeChoice {
  const { name } = choice.specs[0]!;
  const operatorMode = Object.hasOwn(input.owner.modes, name) ? input.owner.modes[name] : null;
  const allowed = choice.specs.filter((spec) => firstViolation(spec, input.policy) === null);
  const denied = choice.specs.find((spec) => !allowed.includes(spec));
  if (denied === undefined || allowed.length === 0 || denied.runtime === operatorMode) {
    return chooseRuntime(choice, input);
  }
  const preferred = allowed.some((spec) => spec.runtime === choice.preferred) ? choice.preferred : null;
  const runtimeChoice = chooseRuntime({ specs: allowed, preferred }, input);
  const reason = `as ${denied.runtime} it is refused: ${firstViolation(denied, input.policy)!.message}`;
  return { ...runtimeChoice, mode: { chosen: runtimeChoice.spec.runtime, reason } };
}
