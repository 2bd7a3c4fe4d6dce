/** `[webhook]`: secrets of the webhook, and trusted proxies. */
import { isNetwork } from "../../ip_network.ts";
import { fields, type InferComplete } from "../../schema/field_table.ts";
import { list, present, type Schema, text } from "../../schema/schema.ts";
import { secret, secretOf } from "../secret_setting.ts";
import { type SectionContext, setting } from "../section.ts";
import type { Settings } from "../settings.ts";

const NETWORK = 'a network like "10.0.0.0/8" or "fd00::/8", or an address';

const network: Schema<string> = {
  expected: NETWORK,
  jsonSchema: { type: "string" },
  read: (value, scope) => typeof value === "string" && isNetwork(value) ? value : scope.mismatch(value, NETWORK),
};

/** An array of secrets. Unlike other arrays it is never quoted. Empty strings stand for wrong items. */
const secrets: Schema<string[]> = {
  expected: "an array of secrets",
  jsonSchema: { type: "array", items: secret.jsonSchema },
  read: (value, scope) =>
    Array.isArray(value)
      ? value.map((one, index) => secret.read(one, scope.at(index)) ?? "")
      : scope.error("is no array of secrets", 'write secrets = ["...", "..."], or better secret_files'),
};

export const WEBHOOK = {
  name: "webhook",
  fields: fields({
    secret: setting(secret, null, "Better: secret_file"),
    secret_file: setting(text(), null, "A file with the secret; without one there is no webhook"),
    secrets: setting(secrets, [], "Better: secret_files"),
    secret_files: setting(
      list(text(), "an array of files"),
      [],
      "Files with further secrets: each counts, so that one can take the place of another",
    ),
    trusted_proxies: setting(
      list(network, "an array of networks"),
      [],
      "Networks of your own proxies: only from these does X-Forwarded-For say who asks",
    ),
  }),
};

type Values = InferComplete<typeof WEBHOOK.fields>;

export async function webhookOf(values: Values, { base, scopeOf }: SectionContext): Promise<Settings["webhook"]> {
  const first = await secretOf(values.secret, { name: "secret", file: values.secret_file, scopeOf, base });
  const fromFiles: (string | null)[] = [];
  // One after the other: problems are reported in the order of the list.
  for (const [index, file] of values.secret_files.entries()) {
    const scope = scopeOf("secret_files").at(index);
    if (file === undefined) continue;
    fromFiles.push(await secretOf(null, { name: "secret", file, scopeOf: () => scope, base }));
  }
  const all = [first, ...values.secrets, ...fromFiles].filter((secret) => secret !== null).filter((secret) =>
    secret !== ""
  );
  return { secrets: [...new Set(all)], trustedProxies: present(values.trusted_proxies) };
}
