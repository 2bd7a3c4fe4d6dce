/** `[rollout]`: rollback scope, removal grace period and maintenance windows. */
import { windows } from "../../manifest/field/maintenance_window.ts";
import { fields, type InferComplete } from "../../schema/field_table.ts";
import { duration } from "../../schema/quantity.ts";
import { oneOf, present } from "../../schema/schema.ts";
import { setting } from "../section.ts";
import type { Settings } from "../settings.ts";

export const ROLLOUT = {
  name: "rollout",
  fields: fields({
    scope: setting(
      oneOf("workload", "revision"),
      "workload",
      "What goes back when one does not become healthy: it alone, or all of its revision",
    ),
    prune_grace: setting(duration(), 0, "How long a workload stays that git no longer holds, in case it comes back"),
    windows: setting(windows, [], "When what git changes may be carried out, as a manifest's [rollout] says it"),
  }),
};

type Values = InferComplete<typeof ROLLOUT.fields>;

export function rolloutOf(values: Values): Settings["rollout"] {
  return { pruneGraceMs: values.prune_grace, scope: values.scope, windows: present(values.windows) };
}
