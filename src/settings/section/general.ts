/** The top of config.toml. */
import { resolve } from "node:path";
import { mapOf, number, text } from "../../schema/schema.ts";
import type { Table } from "../../schema/diagnostic.ts";
import { type Section, type SectionContext, setting } from "../section.ts";
import type { Settings } from "../settings.ts";

const LABEL = { pattern: /^[a-z0-9]([a-z0-9._-]*[a-z0-9])?$/, expected: "lower-case letters, digits, . _ and -" };

export const GENERAL: Section = {
  name: "",
  fields: [
    setting(
      "listen_address",
      text({ pattern: /^[0-9a-fA-F.:]+$/, expected: 'an address like "127.0.0.1" or "::"' }),
      "0.0.0.0",
      "Where the page is served",
    ),
    setting("listen_port", number({ min: 0, max: 65_535 }), 3080, "Port of the page; 0 chooses a free one"),
    setting("data_dir", text(), "data", "State, logs and files; relative to this file"),
    setting(
      "device",
      text({ pattern: /^[a-zA-Z0-9]([a-zA-Z0-9._-]{0,62})$/, expected: "letters, digits, . _ and -" }),
      null,
      "The device's name; default: the host's",
    ),
    setting("labels", mapOf(text(), LABEL), {}, "For on = [...] in manifests"),
  ],
};

export function generalOf(
  read: Table,
  { base, hostname }: SectionContext,
): Pick<Settings, "listenAddress" | "listenPort" | "dataDir" | "device" | "labels"> {
  return {
    listenAddress: read.listen_address as string,
    listenPort: read.listen_port as number,
    dataDir: resolve(base, read.data_dir as string),
    device: read.device as string | null ?? hostname,
    labels: read.labels as Record<string, string>,
  };
}
