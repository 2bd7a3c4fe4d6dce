/** `[rollout]`: what goes back when something fails. */
import { oneOf } from "../../manifest/grammar.ts";
import type { Table } from "../../manifest/place.ts";
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
  ],
};

export function rolloutOf(read: Table): Settings["rollout"] {
  return { scope: read.scope as Settings["rollout"]["scope"] };
}
