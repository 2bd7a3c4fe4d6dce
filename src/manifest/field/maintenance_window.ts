/** [pure] `windows` of [rollout], in a manifest and in config.toml. */
import type { MaintenanceWindow } from "../../model/pause/maintenance_window.ts";
import { type Field, field, list, oneOf, type Schema, tableOf } from "../../schema/schema.ts";
import { duration } from "../../schema/quantity.ts";
import { cron, timezone } from "./cron.ts";

export const WINDOW_FIELDS: Field[] = [
  field("kind", oneOf("allow", "deny"), "allow", {
    defaultText: '"allow"',
    doc: "Whether changes may be carried out in it, or may not; one that denies wins",
    example: 'kind = "deny"',
  }),
  field("schedule", cron(), undefined, {
    required: true,
    doc: "When it begins, as cron writes it",
    example: 'schedule = "0 3 * * *"',
  }),
  field("duration", duration(60_000), undefined, {
    required: true,
    doc: "How long it is open",
    example: 'duration = "2h"',
  }),
  field("timezone", timezone(), null, {
    defaultText: "UTC",
    doc: "Time zone of the schedule",
    example: 'timezone = "Europe/Berlin"',
  }),
];

const TABLE = tableOf(WINDOW_FIELDS, 'a table like { schedule = "0 3 * * *", duration = "2h" }');

const window: Schema<MaintenanceWindow> = {
  expected: TABLE.expected,
  jsonSchema: TABLE.jsonSchema,
  read(value, scope) {
    const read = TABLE.read(value, scope);
    if (read?.schedule === undefined || read.duration === undefined) return undefined;
    return {
      kind: read.kind as MaintenanceWindow["kind"],
      schedule: read.schedule as string,
      durationMs: read.duration as number,
      timezone: read.timezone as string | null ?? null,
    };
  },
};

export const windows: Schema<MaintenanceWindow[]> = list(window, "an array of tables");
