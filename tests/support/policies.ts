/** The policy of an owner who said nothing of it, for tests that need one. */
import type { Policy } from "../../src/model/policy/policy.ts";
import { POLICY, policyOf } from "../../src/settings/section/policy.ts";

/** The settings' own defaults. */
export function defaultPolicy(): Policy {
  const fallbacks = Object.fromEntries(POLICY.fields.map(({ name, fallback }) => [name, fallback]));
  return policyOf(fallbacks, { ports: [3080], paths: ["/srv/harbornode/data"] });
}
