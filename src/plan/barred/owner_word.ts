/** The policy of the device over all workloads of a plan: what is refused of each, and what is too much together. */
import type { Desired, ModeChoice } from "../../model/desired.ts";
import { overQuota } from "../../model/policy/quota.ts";
import { inOneSentence, type PolicyRefusal, policyRefusal, refusalsOf } from "../../model/policy/refusals.ts";
import type { Workload } from "../../model/workload.ts";
import { chooseMode, type ChosenMode, type ModeInput } from "../mode.ts";
import type { PlanInput } from "../plan_input.ts";

/**
 * For any of `specs`, in any of its modes: null when all of it is allowed. What is refused by itself takes nobody's place.
 */
export function refuserOf(
  specs: readonly Workload[],
  { policy, memory, choices }: Pick<PlanInput, "policy" | "memory"> & { choices?: Desired["choices"] },
): (spec: Workload) => PolicyRefusal | null {
  const applied = (name: string) => {
    const known = memory.get(name)?.applied?.workload;
    return known?.enabled === true ? known.replicas : 0;
  };
  const counted = specs.flatMap((spec) => {
    const modes = choices?.get(spec.name)?.specs ?? [spec];
    if (modes.some((one) => refusalsOf(one, policy).length === 0)) return spec;
    // It stays as it was.
    return applied(spec.name) > 0 ? { ...spec, replicas: applied(spec.name) } : [];
  });
  const tooMuch = overQuota(counted, { policy, applied });
  // What is switched off runs nothing, and must be able to stop.
  return (spec) =>
    spec.enabled ? inOneSentence([...refusalsOf(spec, policy), ...[tooMuch.get(spec.name) ?? []].flat()]) : null;
}

/**
 * As `chooseMode`, of the modes that the policy leaves. Where it leaves none, or the owner's own word is one that it
 * denies, the choice is as without it, and what is chosen is refused.
 */
export function chooseAllowed(choice: ModeChoice, input: ModeInput & Pick<PlanInput, "policy">): ChosenMode {
  const { name } = choice.specs[0]!;
  const wanted = Object.hasOwn(input.owner.modes, name) ? input.owner.modes[name] : null;
  const refused = choice.specs.filter((one) => policyRefusal(one, input.policy) !== null);
  const left = choice.specs.filter((one) => !refused.includes(one));
  const [denied] = refused;
  if (denied === undefined || left.length === 0 || denied.runtime === wanted) return chooseMode(choice, input);
  const preferred = left.some((one) => one.runtime === choice.preferred) ? choice.preferred : null;
  const chosen = chooseMode({ specs: left, preferred }, input);
  const reason = `as ${denied.runtime} it is refused: ${policyRefusal(denied, input.policy)!.message}`;
  return { ...chosen, mode: { chosen: chosen.spec.runtime, reason } };
}
