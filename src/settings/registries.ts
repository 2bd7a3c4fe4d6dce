/** `[registry."ghcr.io"]`: who the device is to a registry of images. */
import { type Field, readFields, text } from "../schema/schema.ts";
import { type DiagnosticScope, isTable, quote } from "../schema/diagnostic.ts";
import { secret, secretOf } from "./secret_setting.ts";
import type { RegistryLogin } from "./settings.ts";

export const REGISTRY_FIELDS: Field[] = [
  {
    name: "username",
    schema: text(),
    fallback: null,
    defaultText: "",
    doc: "Who asks",
    example: 'username = "device"',
  },
  { name: "password", schema: secret, fallback: null, defaultText: "", doc: "Better: password_file", example: "" },
  {
    name: "password_file",
    schema: text(),
    fallback: null,
    defaultText: "",
    doc: "A file with the password",
    example: "",
  },
];

/** As images begin: no scheme, no path. */
const HOST = /^(\[[a-fA-F0-9:]+\]|[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?)(:\d{1,5})?$/;

/** By host. Problems are told to `place`, and quote neither names nor passwords. */
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
      // A name without quotes is taken apart at its dots: the parts are tables, down to what was meant for the whole.
      own.error("is no table of a registry", 'write [registry."registry.example.org"], with the host in quotes');
      continue;
    }
    if (!HOST.test(host)) {
      const hint = 'write it as images begin, like [registry."ghcr.io"]; Docker Hub is "docker.io"';
      own.keyError(`the name ${quote(host)} is no host of a registry`, hint);
      continue;
    }
    const explain = () => ({ hint: 'a host has quotes around it: [registry."registry.example.org"]' });
    const isApart = Object.values(table).some(isTable);
    const read = readFields(REGISTRY_FIELDS, table, { scope: own, ...(isApart ? { explain } : {}) });
    const password = await secretOf(read, { name: "password", scopeOf: (key) => own.at(key), base });
    const hasPassword = read.password !== null || read.password_file !== null;
    if (read.username === null && !isApart) own.error('the field "username" is missing', 'write username = "..."');
    if (!hasPassword && !isApart) own.error('the field "password_file" is missing', 'write password_file = "..."');
    if (typeof read.username === "string" && password !== null) logins[host] = { username: read.username, password };
  }
  return logins;
}
