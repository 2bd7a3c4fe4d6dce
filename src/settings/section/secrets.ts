/** `[secrets]`: who the device is to those who encrypt something for it. */
import { resolve } from "node:path";
import { text } from "../../schema/schema.ts";
import type { Table } from "../../schema/diagnostic.ts";
import { type Section, type SectionContext, setting } from "../section.ts";
import type { Settings } from "../settings.ts";

export const SECRETS: Section = {
  name: "secrets",
  fields: [
    setting("identity_file", text(), null, "An identity of age-keygen's, never made for you; default: one in data_dir"),
  ],
};

export function secretsOf(read: Table, { base }: SectionContext): Settings["secrets"] {
  const file = read.identity_file as string | null;
  return { identityFile: file === null ? null : resolve(base, file) };
}
