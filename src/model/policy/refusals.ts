/** The one place where what git asks for meets what the owner of the device allows. Looks at nothing but the two. */
import type { ReasonCode } from "../reason.ts";
import type { DockerWorkload, NativeWorkload, Workload } from "../workload.ts";
import { ANY_WORKLOAD } from "./any_workload.ts";
import { DOCKER } from "./container.ts";
import type { Decision } from "./decision.ts";
import { NATIVE } from "./native.ts";
import type { Policy } from "./policy.ts";
import type { Refusal } from "./refusal.ts";

export interface PolicyRefusal {
  reason: ReasonCode;
  message: string;
  hint: string | null;
}

/** All that is refused of a spec, in the order of the tables. */
export function refusalsOf(spec: Workload, policy: Policy): readonly Refusal[] {
  const known = KNOWN.get(policy) ?? new WeakMap<Workload, readonly Refusal[]>();
  KNOWN.set(policy, known);
  const found = known.get(spec) ?? allRefusals(spec, policy);
  known.set(spec, found);
  return found;
}

/** Neither is ever changed in place, and every pass asks for each workload several times. */
const KNOWN = new WeakMap<Policy, WeakMap<Workload, readonly Refusal[]>>();

function allRefusals(spec: Workload, policy: Policy): Refusal[] {
  const common = ASKED.common.flatMap((decide) => decide(spec, policy));
  return spec.runtime === "native"
    ? [...common, ...ASKED.native.flatMap((decide) => decide(spec, policy))]
    : [...common, ...ASKED.docker.flatMap((decide) => decide(spec, policy))];
}

/** Null when all of it is allowed; else what is not, and the settings that would allow it. */
export function policyRefusal(spec: Workload, policy: Policy): PolicyRefusal | null {
  return inOneSentence(refusalsOf(spec, policy));
}

export function inOneSentence(refusals: readonly Refusal[]): PolicyRefusal | null {
  const [first, ...others] = refusals;
  if (first === undefined) return null;
  const nor = others.map(({ path, value }) => value === null ? path[0] : `${path[0]} ${value}`);
  const message = [first.message, ...new Set(nor)].join(", nor ");
  const keys = [...new Set(refusals.flatMap(({ key }) => key ?? []))];
  const hint = others.length === 0 || keys.length < 2
    ? first.hint
    : `leave them out, or change ${keys.join(", ")} in [policy] of config.toml`;
  return { reason: "policy_denied", message, hint };
}

/** Those with something to ask: the other fields stay within the workload. */
function asked<W>(table: Record<string, Decision<W>>): Exclude<Decision<W>, string>[] {
  return Object.values(table).filter((one) => typeof one !== "string");
}

/** By runtime. */
const ASKED = {
  common: asked<Workload>(ANY_WORKLOAD),
  native: asked<NativeWorkload>(NATIVE),
  docker: asked<DockerWorkload>(DOCKER),
};
