/** `[webhook]`: who may ask for an earlier look. */
import { text } from "../../manifest/grammar.ts";
import type { Table } from "../../manifest/place.ts";
import { secret, secretOf } from "../secret.ts";
import { type Section, type SectionContext, setting } from "../section.ts";
import type { Settings } from "../settings.ts";

export const WEBHOOK: Section = {
  name: "webhook",
  fields: [
    setting("secret", secret, null, "Better: secret_file"),
    setting("secret_file", text(), null, "A file with the secret; without one there is no webhook"),
  ],
};

export async function webhookOf(read: Table, { base, placeOf }: SectionContext): Promise<Settings["webhook"]> {
  return { secret: await secretOf(read, { name: "secret", placeOf, base }) };
}
