/** `[log]`: what the daemon says of itself. */
import { oneOf } from "../../schema/schema.ts";
import type { Table } from "../../schema/diagnostic.ts";
import { type Section, setting } from "../section.ts";
import type { Settings } from "../settings.ts";

export const LOG: Section = {
  name: "log",
  fields: [
    setting("level", oneOf("debug", "info", "warning", "error"), "info", "What is said"),
    setting("format", oneOf("text", "json"), "text", "How"),
  ],
};

export function logOf(read: Table): Settings["log"] {
  return { level: read.level as "info", format: read.format as "text" };
}
