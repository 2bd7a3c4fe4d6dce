/** `[registry."ghcr.io"]`: logins for image registries. */
import type { DiagnosticScope } from "../schema/diagnostic.ts";
import { field, fields, readFields } from "../schema/field_table.ts";
import { text } from "../schema/schema.ts";
import { isTable, quote } from "../schema/toml_value.ts";
import { secret, secretOf } from "./secret_setting.ts";
import type { RegistryLogin } from "./settings.ts";

export const REGISTRY_FIELDS = fields({
  username: field(text(), null, { doc: "Who asks", example: 'username = "device"' }),
  password: field(secret, null, { doc: "Better: password_file", example: "" }),
  password_file: field(text(), null, { doc: "A file with the password", example: "" }),
});

/** The host of an image name: no scheme, no path. */
const HOST = /^(\[[a-fA-F0-9:]+\]|[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?)(:\d{1,5})?$/;

/** Returns the logins by host. Messages quote neither user names nor passwords. */
export async function readRegistries(
  given: unknown,
  { scope, base }: { scope: DiagnosticScope; base: string },
): Promise<Record<string, RegistryLogin>> {
  if (given === undefined) return {};
  if (!isTable(given)) {
    scope.error("is no table", 'write [registry."registry.example.org"] on a line of its own');
    return {};
  }
  const logins: Record<string, RegistryLogin> = {};
  for (const [host, table] of Object.entries(given)) {
    const own = scope.at(host);
    if (!isTable(table)) {
      // TOML splits a name without quotes at its dots: its parts are tables in each other.
      own.error("is no table of a registry", 'write [registry."registry.example.org"], with the host in quotes');
      continue;
    }
    if (!HOST.test(host)) {
      const hint = 'write it as images begin, like [registry."ghcr.io"]; Docker Hub is "docker.io"';
      own.keyError(`the name ${quote(host)} is no host of a registry`, hint);
      continue;
    }
    const explain = () => ({ hint: 'a host has quotes around it: [registry."registry.example.org"]' });
    const isSplit = Object.values(table).some(isTable);
    const read = readFields(REGISTRY_FIELDS, table, { scope: own, ...(isSplit ? { explain } : {}) });
    const password = await secretOf(read.password, {
      name: "password",
      file: read.password_file,
      scopeOf: (key) => own.at(key),
      base,
    });
    const hasPassword = read.password !== null || read.password_file !== null;
    if (read.username === null && !isSplit) own.error('the field "username" is missing', 'write username = "..."');
    if (!hasPassword && !isSplit) own.error('the field "password_file" is missing', 'write password_file = "..."');
    if (typeof read.username === "string" && password !== null) logins[host] = { username: read.username, password };
  }
  return logins;
}
