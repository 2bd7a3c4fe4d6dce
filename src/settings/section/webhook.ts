/** `[webhook]`: who may ask for an earlier look. */
import { isNetwork } from "../../ip_network.ts";
import { list, type Schema, text } from "../../schema/schema.ts";
import { quote, type Table } from "../../schema/diagnostic.ts";
import { secret, secretOf } from "../secret_setting.ts";
import { type Section, type SectionContext, setting } from "../section.ts";
import type { Settings } from "../settings.ts";

const NETWORK = 'a network like "10.0.0.0/8" or "fd00::/8", or an address';

const network: Schema<string> = {
  expected: NETWORK,
  jsonSchema: { type: "string" },
  read: (value, scope) =>
    typeof value === "string" && isNetwork(value) ? value : scope.error(`is ${quote(value)}, wanted ${NETWORK}`),
};

/** Unlike any other array, it is never quoted. */
const secrets: Schema<string[]> = {
  expected: "an array of secrets",
  jsonSchema: { type: "array", items: secret.jsonSchema },
  read: (value, scope) =>
    Array.isArray(value)
      ? value.map((one, index) => secret.read(one, scope.at(index)) ?? "")
      : scope.error("is no array of secrets", 'write secrets = ["...", "..."], or better secret_files'),
};

export const WEBHOOK: Section = {
  name: "webhook",
  fields: [
    setting("secret", secret, null, "Better: secret_file"),
    setting("secret_file", text(), null, "A file with the secret; without one there is no webhook"),
    setting("secrets", secrets, [], "Better: secret_files"),
    setting(
      "secret_files",
      list(text(), "an array of files"),
      [],
      "Files with further secrets: each counts, so that one can take the place of another",
    ),
    setting(
      "trusted_proxies",
      list(network, "an array of networks"),
      [],
      "Networks of your own proxies: only from these does X-Forwarded-For say who asks",
    ),
  ],
};

export async function webhookOf(read: Table, { base, scopeOf }: SectionContext): Promise<Settings["webhook"]> {
  const one = await secretOf(read, { name: "secret", scopeOf, base });
  const files = await Promise.all(
    (read.secret_files as string[]).map((path, index) => {
      const own = { name: "secret", scopeOf: () => scopeOf("secret_files").at(index), base };
      return path === undefined ? null : secretOf({ secret_file: path }, own);
    }),
  );
  // What was refused was told of, and leaves a hole.
  const all = [one, ...read.secrets as string[], ...files].filter((value) => typeof value === "string" && value !== "");
  return {
    secrets: [...new Set(all as string[])],
    trustedProxies: read.trusted_proxies as string[],
  };
}
