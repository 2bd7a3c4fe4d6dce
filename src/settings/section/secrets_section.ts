/** `[secrets]`: the age identity of the device. */
import { resolve } from "node:path";
import { fields, type InferComplete } from "../../schema/field_table.ts";
import { text } from "../../schema/schema.ts";
import { type SectionContext, setting } from "../section.ts";
import type { Settings } from "../settings.ts";

export const SECRETS = {
  name: "secrets",
  fields: fields({
    identity_file: setting(text(), null, "An identity of age-keygen's, never made for you; default: one in data_dir"),
  }),
};

type Values = InferComplete<typeof SECRETS.fields>;

export function secretsOf({ identity_file: file }: Values, { base }: SectionContext): Settings["secrets"] {
  return { identityFile: file === null ? null : resolve(base, file) };
}
