/** [pure] `ports`: the ports that a service listens on, and those that a container publishes, as compose writes them. */
import { PORT_REFERENCE } from "../../model/port.ts";
import type { Port, Probe } from "../../model/workload.ts";
import type { DiagnosticScope } from "../../schema/diagnostic.ts";
import {
  field,
  type Fields,
  fields,
  readFields,
  required,
  tableSchema,
  withDefaults,
} from "../../schema/field_table.ts";
import { IPV4, IPV6 } from "../../schema/ip_address.ts";
import { number, oneOf, type Schema, text } from "../../schema/schema.ts";
import { suggest } from "../../schema/suggest.ts";
import { isTable, quote, type Table } from "../../schema/toml_value.ts";

const NUMBER = number({ min: 1, max: 65_535 });
/** 0: the device chooses the port. */
const NATIVE_NUMBER = number({ min: 0, max: 65_535 });
const NAME = text({ pattern: /^[a-z]([a-z0-9-]*[a-z0-9])?$/, expected: 'a name like "http"' });
const PROTOCOL = oneOf("tcp", "udp");

/** Declares the fields that ports of both kinds have, around those of one kind. */
function portFields<F extends Fields>(own: F) {
  return fields({
    name: field(NAME, null, { doc: "For ${ports.NAME}, PORT_<NAME> and probes", example: 'name = "http"' }),
    ...own,
    protocol: field(PROTOCOL, "tcp", {
      defaultText: '"tcp"',
      doc: "What is spoken there",
      example: 'protocol = "udp"',
    }),
  });
}

/** Fields of an entry of a service's `ports`. */
export const SERVICE_PORT_FIELDS = portFields({
  port: required(NATIVE_NUMBER, {
    doc: "Port on the device; 0: one that the device chooses and keeps",
    example: "port = 8080",
  }),
});

/** A number, or a table { name, port, protocol }. */
export const nativePort: Schema<Port> = {
  expected: "a port number or a table { name, port }",
  jsonSchema: { anyOf: [NATIVE_NUMBER.jsonSchema, tableSchema(SERVICE_PORT_FIELDS)] },
  read(value, scope) {
    if (!isTable(value)) {
      const port = NATIVE_NUMBER.read(value, scope);
      return port === undefined ? undefined : nativePortOf({ name: null, port, protocol: "tcp" });
    }
    const read = withDefaults(SERVICE_PORT_FIELDS, readFields(SERVICE_PORT_FIELDS, value, { scope }));
    return read.port === undefined ? undefined : nativePortOf({ ...read, port: read.port });
  },
};

function nativePortOf({ name, port, protocol }: Pick<Port, "name" | "protocol"> & { port: number }): Port {
  return { name, hostAddress: "0.0.0.0", host: port, container: port, protocol };
}

/** Reports a "${ports.NAME}" that names no port of the workload. A ${VARIABLE} of the shell is left to the shell. */
export function checkPortNames(
  { command, env, health }: { command: readonly string[]; env: Record<string, string>; health: Probe | null },
  { ports, scope }: { ports: readonly Port[]; scope: DiagnosticScope },
): void {
  const probe = health?.type === "command" ? health.command : [];
  const texts: [DiagnosticScope, string][] = [
    ...command.map((word): [DiagnosticScope, string] => [scope.at("command"), word]),
    ...Object.entries(env).map(([name, value]): [DiagnosticScope, string] => [scope.at("env").at(name), value]),
    ...probe.map((word): [DiagnosticScope, string] => [scope.at("health").at("command"), word]),
  ];
  const names = ports.flatMap((port) => port.name ?? []);
  for (const [where, text] of texts) {
    for (const [, name] of text.matchAll(PORT_REFERENCE)) {
      if (names.includes(name!)) continue;
      const close = suggest(name!, names);
      const hint = close === null ? `the named ports are: ${names.join(", ") || "none"}` : `did you mean "${close}"?`;
      where.error(`there is no port named ${quote(name)}`, hint);
    }
  }
}

const ADDRESS = text({ pattern: new RegExp(`^(?:${IPV4}|${IPV6})$`), expected: 'an address like "127.0.0.1"' });

/** Fields of an entry of a deployment's `ports`. */
export const DEPLOYMENT_PORT_FIELDS = portFields({
  target: required(NUMBER, { doc: "Port in the container", example: "target = 80" }),
  published: field(NUMBER, null, {
    defaultText: "not published",
    doc: "Port on the device",
    example: "published = 8080",
  }),
  host_ip: field(ADDRESS, "0.0.0.0", {
    defaultText: '"0.0.0.0"',
    doc: "Address on the device",
    example: 'host_ip = "127.0.0.1"',
  }),
});

/** A port, or a range of ports. */
const SOME = String.raw`(\d{1,5}(?:-\d{1,5})?)`;
const SHORT = new RegExp(String.raw`^(?:(?:(\[${IPV6}\]|${IPV4}):)?${SOME}:)?${SOME}(?:/(tcp|udp))?$`);
const EXPECTED = 'a port like "8080:80", "127.0.0.1:8080:80/tcp" or 80';
/** Most ports of a range: Docker runs a process for each published port. */
const MAX_RANGE = 256;

/** "8080:80" is published; "80" alone is not; "3000-3005:3000-3005" are six ports. */
export const dockerPorts: Schema<Port | Port[]> = {
  expected: EXPECTED,
  jsonSchema: {
    anyOf: [NUMBER.jsonSchema, { type: "string", pattern: SHORT.source }, tableSchema(DEPLOYMENT_PORT_FIELDS)],
  },
  read(value, scope) {
    if (isTable(value)) return fromTable(value, scope);
    if (typeof value === "number") {
      const port = NUMBER.read(value, scope);
      return port === undefined ? undefined : docker({ container: port });
    }
    const match = typeof value === "string" ? SHORT.exec(value) : null;
    if (match === null) return scope.mismatch(value, EXPECTED);
    const [, address, host, container, protocol] = match;
    const to = range(container!);
    const from = host === undefined ? null : range(host);
    if (to.length === 0 || from?.length === 0) {
      return scope.error(`is ${quote(value)}, wanted ports from 1 to 65535, at most ${MAX_RANGE} of them`);
    }
    if (from !== null && from.length !== to.length) {
      return scope.mismatch(value, "as many ports on the device as in the container");
    }
    const ports = to.map((port, index) =>
      docker({
        container: port,
        host: from?.[index] ?? null,
        ...(address === undefined ? {} : { hostAddress: address.replace(/^\[|\]$/g, "") }),
        protocol: protocol === "udp" ? "udp" : "tcp",
      })
    );
    return ports.length === 1 ? ports[0] : ports;
  },
};

/** Returns the ports of "80" or "3000-3005"; none for a wrong or too long range. */
function range(text: string): number[] {
  const [first = 0, last = first] = text.split("-").map(Number);
  if (first < 1 || last > 65_535 || last < first || last - first >= MAX_RANGE) return [];
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}

function fromTable(value: Table, scope: DiagnosticScope): Port | undefined {
  const read = withDefaults(DEPLOYMENT_PORT_FIELDS, readFields(DEPLOYMENT_PORT_FIELDS, value, { scope }));
  const { name, target, published, host_ip, protocol } = read;
  if (target === undefined) return undefined;
  return { name, hostAddress: host_ip, host: published, container: target, protocol };
}

function docker(port: Partial<Port> & { container: number }): Port {
  return { name: null, hostAddress: "0.0.0.0", host: null, protocol: "tcp", ...port };
}
