/** [pure] Ports: what a native service listens on, and what a container publishes, as compose writes it. */
import { PORT_REFERENCE } from "../../model/port.ts";
import type { Port, Probe } from "../../model/workload.ts";
import { type Field, number, oneOf, readFields, type Schema, tableSchema, text } from "../../schema/schema.ts";
import { IPV4, IPV6 } from "../../schema/ip_address.ts";
import { suggest } from "../../schema/suggest.ts";
import { type DiagnosticScope, isTable, quote } from "../../schema/diagnostic.ts";

const NUMBER = number({ min: 1, max: 65_535 });
/** 0: the device chooses. */
const NATIVE_NUMBER = number({ min: 0, max: 65_535 });
const NAME = text({ pattern: /^[a-z]([a-z0-9-]*[a-z0-9])?$/, expected: 'a name like "http"' });
const PROTOCOL = oneOf("tcp", "udp");

const named = (rest: Field[]): Field[] => [
  {
    name: "name",
    schema: NAME,
    fallback: null,
    defaultText: "",
    doc: "For ${ports.NAME}, PORT_<NAME> and probes",
    example: 'name = "http"',
  },
  ...rest,
  {
    name: "protocol",
    schema: PROTOCOL,
    fallback: "tcp",
    defaultText: '"tcp"',
    doc: "What is spoken there",
    example: 'protocol = "udp"',
  },
];

/** Of an entry of a service's `ports`. */
export const NATIVE_FIELDS = named([
  {
    name: "port",
    schema: NATIVE_NUMBER,
    fallback: undefined,
    defaultText: "",
    required: true,
    doc: "Port on the device; 0: one that the device chooses and keeps",
    example: "port = 8080",
  },
]);

/** A number, or a table { name, port, protocol }. */
export const nativePort: Schema<Port> = {
  expected: "a port number or a table { name, port }",
  jsonSchema: { anyOf: [NATIVE_NUMBER.jsonSchema, tableSchema(NATIVE_FIELDS)] },
  read(value, scope) {
    if (!isTable(value)) {
      const port = NATIVE_NUMBER.read(value, scope);
      return port === undefined ? undefined : native(port, null, "tcp");
    }
    const { name, port, protocol } = readFields(NATIVE_FIELDS, value, { scope });
    return typeof port === "number" ? native(port, name as string | null, protocol as "tcp") : undefined;
  },
};

/** "${ports.NAME}" must name a port of the workload; the shell's own ${VARIABLE} is left to the shell. */
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
/** Of an entry of a deployment's `ports`. */
export const DOCKER_FIELDS = named([
  {
    name: "target",
    schema: NUMBER,
    fallback: undefined,
    defaultText: "",
    required: true,
    doc: "Port in the container",
    example: "target = 80",
  },
  {
    name: "published",
    schema: NUMBER,
    fallback: null,
    defaultText: "not published",
    doc: "Port on the device",
    example: "published = 8080",
  },
  {
    name: "host_ip",
    schema: ADDRESS,
    fallback: "0.0.0.0",
    defaultText: '"0.0.0.0"',
    doc: "Address on the device",
    example: 'host_ip = "127.0.0.1"',
  },
]);

/** One, or from one to another. */
const SOME = String.raw`(\d{1,5}(?:-\d{1,5})?)`;
const SHORT = new RegExp(String.raw`^(?:(?:(\[${IPV6}\]|${IPV4}):)?${SOME}:)?${SOME}(?:/(tcp|udp))?$`);
const WANTS = 'a port like "8080:80", "127.0.0.1:8080:80/tcp" or 80';
/** Docker runs a process for each published one. */
const LONGEST_RANGE = 256;

/** "8080:80" is published; "80" alone is not; "3000-3005:3000-3005" are six. */
export const dockerPorts: Schema<Port | Port[]> = {
  expected: WANTS,
  jsonSchema: { anyOf: [NUMBER.jsonSchema, { type: "string", pattern: SHORT.source }, tableSchema(DOCKER_FIELDS)] },
  read(value, scope) {
    if (isTable(value)) return fromTable(value, scope);
    if (typeof value === "number") {
      const port = NUMBER.read(value, scope);
      return port === undefined ? undefined : docker({ container: port });
    }
    const match = typeof value === "string" ? SHORT.exec(value) : null;
    if (match === null) return scope.error(`is ${quote(value)}, wanted ${WANTS}`);
    const [, address, host, container, protocol] = match;
    const to = range(container!);
    const from = host === undefined ? null : range(host);
    if (to.length === 0 || from?.length === 0) {
      return scope.error(`is ${quote(value)}, wanted ports from 1 to 65535, at most ${LONGEST_RANGE} of them`);
    }
    if (from !== null && from.length !== to.length) {
      return scope.error(`is ${quote(value)}, wanted as many ports on the device as in the container`);
    }
    const found = to.map((port, index) =>
      docker({
        container: port,
        host: from?.[index] ?? null,
        ...(address === undefined ? {} : { hostAddress: address.replace(/^\[|\]$/g, "") }),
        protocol: protocol === "udp" ? "udp" : "tcp",
      })
    );
    return found.length === 1 ? found[0] : found;
  },
};

/** Of "80" or "3000-3005"; empty for what is none, or too long. */
function range(text: string): number[] {
  const [first = 0, last = first] = text.split("-").map(Number);
  if (first < 1 || last > 65_535 || last < first || last - first >= LONGEST_RANGE) return [];
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}

function fromTable(value: Record<string, unknown>, scope: DiagnosticScope): Port | undefined {
  const { name, target, published, host_ip, protocol } = readFields(DOCKER_FIELDS, value, { scope });
  if (typeof target !== "number") return undefined;
  return {
    name: name as string | null ?? null,
    hostAddress: host_ip as string ?? "0.0.0.0",
    host: published as number | null ?? null,
    container: target,
    protocol: protocol as "tcp" ?? "tcp",
  };
}

function native(port: number, name: string | null, protocol: "tcp" | "udp"): Port {
  return { name: name ?? null, hostAddress: "0.0.0.0", host: port, container: port, protocol: protocol ?? "tcp" };
}

function docker(port: Partial<Port> & { container: number }): Port {
  return { name: null, hostAddress: "0.0.0.0", host: null, protocol: "tcp", ...port };
}
