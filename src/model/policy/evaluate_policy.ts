/** The one place where what git asks for meets what the owner of the device allows. Looks at nothing but the two. */
import type { ReasonCode } from "../reason.ts";
import type { DockerWorkload, NativeWorkload, Workload } from "../workload.ts";
import { COMMON_RULES } from "./common_rules.ts";
import { DOCKER_RULES } from "./docker_rules.ts";
import type { FieldRule } from "./field_rule.ts";
import { NATIVE_RULES } from "./native_rules.ts";
import type { Policy } from "./policy.ts";
import type { Denial } from "./denial.ts";

export interface PolicyViolation {
  reason: ReasonCode;
  message: string;
  hint: string | null;
}

/** All that is refused of a spec, in the order of the tables. */
export function evaluatePolicy(spec: Workload, policy: Policy): readonly Denial[] {
  const known = KNOWN.get(policy) ?? new WeakMap<Workload, readonly Denial[]>();
  KNOWN.set(policy, known);
  const found = known.get(spec) ?? allRefusals(spec, policy);
  known.set(spec, found);
  return found;
}

/** Neither is ever changed in place, and every pass asks for each workload several times. */
const KNOWN = new WeakMap<Policy, WeakMap<Workload, readonly Denial[]>>();

function allRefusals(spec: Workload, policy: Policy): Denial[] {
  const common = ASKED.common.flatMap((decide) => decide(spec, policy));
  return spec.runtime === "native"
    ? [...common, ...ASKED.native.flatMap((decide) => decide(spec, policy))]
    : [...common, ...ASKED.docker.flatMap((decide) => decide(spec, policy))];
}

/** Null when all of it is allowed; else what is not, and the settings that would allow it. */
export function firstViolation(spec: Workload, policy: Policy): PolicyViolation | null {
  return joinViolations(evaluatePolicy(spec, policy));
}

export function joinViolations(refusals: readonly Denial[]): PolicyViolation | null {
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
function asked<W>(table: Record<string, FieldRule<W>>): Exclude<FieldRule<W>, string>[] {
  return Object.values(table).filter((decision) => typeof decision !== "string");
}

/** By runtime. */
const ASKED = {
  common: asked<Workload>(COMMON_RULES),
  native: asked<NativeWorkload>(NATIVE_RULES),
  docker: asked<DockerWorkload>(DOCKER_RULES),
};
