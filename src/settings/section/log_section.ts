/** `[log]`: the log of the daemon. */
import { fields, type InferComplete } from "../../schema/field_table.ts";
import { oneOf } from "../../schema/schema.ts";
import { setting } from "../section.ts";
import type { Settings } from "../settings.ts";

export const LOG = {
  name: "log",
  fields: fields({
    level: setting(oneOf("debug", "info", "warning", "error"), "info", "What is said"),
    format: setting(oneOf("text", "json"), "text", "How"),
  }),
};

type Values = InferComplete<typeof LOG.fields>;

export function logOf({ level, format }: Values): Settings["log"] {
  return { level, format };
}
