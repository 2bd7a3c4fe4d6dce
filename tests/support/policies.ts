/** The policy of an owner who said nothing of it, for tests that need one. */
import type { Policy } from "../../src/model/policy/policy.ts";
import { withDefaults } from "../../src/schema/field_table.ts";
import { POLICY, policyOf } from "../../src/settings/section/policy_section.ts";

/** The settings' own defaults. */
export function defaultPolicy(): Policy {
  return policyOf(withDefaults(POLICY.fields), { ports: [3080], paths: ["/srv/harbornode/data"] });
}
