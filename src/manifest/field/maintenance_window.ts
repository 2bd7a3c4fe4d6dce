/** [pure] `windows` of [rollout], in a manifest and in config.toml: when changes may be applied. */
import type { MaintenanceWindow } from "../../model/maintenance_window.ts";
import { field, fields, required, tableOf, withDefaults } from "../../schema/field_table.ts";
import { duration } from "../../schema/quantity.ts";
import { list, oneOf, type Schema } from "../../schema/schema.ts";
import { cron, timezone } from "./cron.ts";

export const WINDOW_FIELDS = fields({
  kind: field(oneOf("allow", "deny"), "allow", {
    defaultText: '"allow"',
    doc: "Whether changes may be carried out in it, or may not; one that denies wins",
    example: 'kind = "deny"',
  }),
  schedule: required(cron(), {
    doc: "When it begins, as cron writes it",
    example: 'schedule = "0 3 * * *"',
  }),
  duration: required(duration(60_000), {
    doc: "How long it is open",
    example: 'duration = "2h"',
  }),
  timezone: field(timezone(), null, {
    defaultText: "UTC",
    doc: "Time zone of the schedule",
    example: 'timezone = "Europe/Berlin"',
  }),
});

const TABLE = tableOf(WINDOW_FIELDS, 'a table like { schedule = "0 3 * * *", duration = "2h" }');

const window: Schema<MaintenanceWindow> = {
  ...TABLE,
  read(value, scope) {
    const read = TABLE.read(value, scope);
    if (read === undefined) return undefined;
    const { kind, schedule, duration, timezone } = withDefaults(WINDOW_FIELDS, read);
    if (schedule === undefined || duration === undefined) return undefined;
    return { kind, schedule, durationMs: duration, timezone };
  },
};

export const windows = list(window, "an array of tables");
