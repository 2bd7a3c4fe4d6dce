/** Settings at the top of config.toml. */
import { resolve } from "node:path";
import { fields, type InferComplete } from "../../schema/field_table.ts";
import { mapOf, number, text } from "../../schema/schema.ts";
import { type SectionContext, setting } from "../section.ts";
import type { Settings } from "../settings.ts";

const LABEL = { pattern: /^[a-z0-9]([a-z0-9._-]*[a-z0-9])?$/, expected: "lower-case letters, digits, . _ and -" };

export const GENERAL = {
  name: "",
  fields: fields({
    listen_address: setting(
      text({ pattern: /^[0-9a-fA-F.:]+$/, expected: 'an address like "127.0.0.1" or "::"' }),
      "0.0.0.0",
      "Where the page is served",
    ),
    listen_port: setting(number({ min: 0, max: 65_535 }), 3080, "Port of the page; 0 chooses a free one"),
    data_dir: setting(text(), "data", "State, logs and files; relative to this file"),
    device: setting(
      text({ pattern: /^[a-zA-Z0-9]([a-zA-Z0-9._-]{0,62})$/, expected: "letters, digits, . _ and -" }),
      null,
      "The device's name; default: the host's",
    ),
    labels: setting(mapOf(text(), LABEL), {}, "For on = [...] in manifests"),
  }),
};

type Values = InferComplete<typeof GENERAL.fields>;

export function generalOf(
  values: Values,
  { base, hostname }: SectionContext,
): Pick<Settings, "listenAddress" | "listenPort" | "dataDir" | "device" | "labels"> {
  return {
    listenAddress: values.listen_address,
    listenPort: values.listen_port,
    dataDir: resolve(base, values.data_dir),
    device: values.device ?? hostname,
    labels: values.labels,
  };
}
