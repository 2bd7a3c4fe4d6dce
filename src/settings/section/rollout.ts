/** `[rollout]`: what goes back when something fails. */
import { oneOf } from "../../schema/schema.ts";
import { duration } from "../../schema/quantity.ts";
import { windows } from "../../manifest/field/maintenance_window.ts";
import type { Table } from "../../schema/diagnostic.ts";
import type { MaintenanceWindow } from "../../model/pause/maintenance_window.ts";
import { type Section, setting } from "../section.ts";
import type { Settings } from "../settings.ts";

export const ROLLOUT: Section = {
  name: "rollout",
  fields: [
    setting(
      "scope",
      oneOf("workload", "revision"),
      "workload",
      "What goes back when one does not become healthy: it alone, or all of its revision",
    ),
    setting("prune_grace", duration(), 0, "How long a workload stays that git no longer holds, in case it comes back"),
    setting("windows", windows, [], "When what git changes may be carried out, as a manifest's [rollout] says it"),
  ],
};

export function rolloutOf(read: Table): Settings["rollout"] {
  return {
    pruneGraceMs: read.prune_grace as number,
    scope: read.scope as Settings["rollout"]["scope"],
    windows: (read.windows as (MaintenanceWindow | undefined)[]).filter((one) => one !== undefined),
  };
}
