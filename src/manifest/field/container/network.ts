/** [pure] The fields of a deployment that say who finds it, whom it finds, and under which names. */
import type { ContainerOptions } from "../../../model/container_options.ts";
import { type Field, field, list, mapOf, oneOf, oneOrMore, type Schema, text } from "../../../schema/schema.ts";
import { IPV4, IPV6 } from "../../../schema/ip_address.ts";
import { workloadName } from "../name.ts";
import { type DiagnosticScope, isTable, quote, type Table } from "../../../schema/diagnostic.ts";

/** The namespace of all workloads that name none. */
export const DEFAULT_NAMESPACE = "default";

const LABEL = "[a-zA-Z0-9_]([a-zA-Z0-9_-]{0,61}[a-zA-Z0-9_])?";
/** As DNS has them, and "_" as well, which services of compose have. */
const HOST = new RegExp(String.raw`^(?=.{1,253}$)${LABEL}(\.${LABEL})*$`);
const hostName = text({ pattern: HOST, expected: 'a name like "db" or "db.example.org"' });

const address = text({ pattern: new RegExp(`^(?:${IPV4}|${IPV6})$`), expected: 'an address like "192.168.1.1"' });
/** The device itself, as a container sees it: docker run --add-host. */
const hostAddress = text({
  pattern: new RegExp(`^(?:${IPV4}|${IPV6}|host-gateway)$`),
  expected: 'an address like "192.168.1.5", or "host-gateway"',
});

/** As Docker itself has it. */
const networkName = text({
  pattern: /^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,127}$/,
  expected: "the name of a namespace, or of a network of the device",
});

export const NETWORK_FIELDS: Field[] = [
  field("namespace", workloadName, DEFAULT_NAMESPACE, {
    defaultText: `"${DEFAULT_NAMESPACE}"`,
    doc: "Deployments of one namespace share a network, and find each other by name",
    example: 'namespace = "shop"',
  }),
  field("network", network(), null, {
    defaultText: "that of its namespace",
    doc: 'In its place: "none", or "host", which the device must allow',
    example: 'network = "none"',
  }),
  field("networks", list(networkName, "an array of names"), [], {
    doc: "Further ones: other namespaces, or networks of the device that it allows",
    example: 'networks = ["backend"]',
  }),
  field("aliases", list(hostName, "an array of names"), [], {
    doc: "Names that others find it by, beside its own",
    example: 'aliases = ["www"]',
  }),
  field("hostname", hostName, null, {
    defaultText: "the container's id",
    doc: "What it calls itself",
    example: 'hostname = "web-1"',
  }),
  field("extra_hosts", extraHosts(), [], {
    doc: 'Further names and their addresses; "host-gateway" is the device',
    example: 'extra_hosts = { nas = "192.168.1.5" }',
  }),
  field("dns", oneOrMore(address, "an address or an array of addresses"), [], {
    defaultText: "the device's",
    doc: "Servers that it asks for names",
    example: 'dns = ["192.168.1.1"]',
  }),
];

function network(): Schema<"none" | "host"> {
  const plain = oneOf("none", "host");
  return {
    ...plain,
    read(value, scope) {
      if (value === "none" || value === "host") return value;
      const joins = typeof value === "string" && value !== "" && value !== "bridge";
      return scope.error(
        `is ${quote(value)}, wanted ${plain.expected}`,
        joins ? `networks = [${quote(value)}] joins a network by its name` : "leave it out for the usual network",
      );
    },
  };
}

/** "name:address" and "name=address" as compose has them, or a table. An address of version 6 has colons of its own. */
function extraHosts(): Schema<string[]> {
  const expected = 'a table like { nas = "192.168.1.5" }, or an array like ["nas:192.168.1.5"]';
  const table = mapOf(hostAddress, { pattern: HOST, expected: "the name of a host" });
  const line = text({ pattern: /^[^:=]+[:=].+$/, expected: 'a host like "nas:192.168.1.5"' });
  return {
    expected,
    jsonSchema: { anyOf: [table.jsonSchema, { type: "array", items: line.jsonSchema }] },
    read(value, scope) {
      if (isTable(value)) {
        return Object.entries(table.read(value, scope) ?? {}).map(([name, address]) => `${name}:${address}`);
      }
      if (!Array.isArray(value)) return scope.error(`is ${quote(value)}, wanted ${expected}`);
      const lines = value.map((one, index) => {
        const at = scope.at(index);
        const text = line.read(one, at);
        const [, name, address] = /^([^:=]+)[:=](.+)$/.exec(text ?? "") ?? [];
        if (name === undefined || address === undefined) return undefined;
        const bare = address.replace(/^\[(.*)\]$/, "$1");
        const fits = hostName.read(name, at) !== undefined && hostAddress.read(bare, at) !== undefined;
        return fits ? `${name}:${bare}` : undefined;
      });
      return lines.every((one) => one !== undefined) ? lines : undefined;
    },
  };
}

type NetworkOptions = Pick<
  ContainerOptions,
  "network" | "namespace" | "networks" | "aliases" | "hostname" | "extraHosts" | "dns"
>;

/** Of a deployment's fields; what makes no sense beside another one is told to the place. */
export function buildNetwork(
  read: Table,
  { said, scope }: { said: ReadonlySet<string>; scope: DiagnosticScope },
): NetworkOptions {
  const network = read.network as NetworkOptions["network"];
  const namespace = read.namespace as string;
  const without = (names: readonly string[]) => {
    for (const name of names.filter((one) => said.has(one))) {
      scope.at(name).keyError(`network = "${network}" has no ${name}`, "keep one of the two");
    }
  };
  if (network === "none" || network === "host") without(["namespace", "networks", "aliases", "ports"]);
  if (network === "none") without(["dns", "extra_hosts"]);
  const networks = (read.networks ?? []) as (string | undefined)[];
  networks.forEach((name, index) => {
    if (name === undefined) return;
    if (name === namespace) scope.at("networks").at(index).error(`${quote(name)} is its own namespace`);
    else if (networks.indexOf(name) < index) scope.at("networks").at(index).error(`${quote(name)} is named twice`);
  });
  return {
    network,
    namespace: namespace === DEFAULT_NAMESPACE ? null : namespace,
    networks: networks.filter((name) => name !== undefined),
    aliases: ((read.aliases ?? []) as (string | undefined)[]).filter((name) => name !== undefined),
    hostname: read.hostname as string | null,
    extraHosts: (read.extra_hosts ?? []) as string[],
    dns: ((read.dns ?? []) as (string | undefined)[]).filter((one) => one !== undefined),
  };
}
