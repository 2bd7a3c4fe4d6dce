/** [pure] Fields of a deployment for its networks, and its names in them. */
import type { ContainerOptions } from "../../../model/container_options.ts";
import type { DiagnosticScope } from "../../../schema/diagnostic.ts";
import { field, fields, type Infer, withDefaults } from "../../../schema/field_table.ts";
import { IPV4, IPV6 } from "../../../schema/ip_address.ts";
import { list, mapOf, oneOf, oneOrMore, present, type Schema, text } from "../../../schema/schema.ts";
import { isTable, quote } from "../../../schema/toml_value.ts";
import { workloadName } from "../name.ts";

/** Namespace of the workloads that name none. */
export const DEFAULT_NAMESPACE = "default";

const LABEL = "[a-zA-Z0-9_]([a-zA-Z0-9_-]{0,61}[a-zA-Z0-9_])?";
/** A DNS name, with "_" allowed as well: services of compose have it in their names. */
const HOST = new RegExp(String.raw`^(?=.{1,253}$)${LABEL}(\.${LABEL})*$`);
const hostName = text({ pattern: HOST, expected: 'a name like "db" or "db.example.org"' });

const address = text({ pattern: new RegExp(`^(?:${IPV4}|${IPV6})$`), expected: 'an address like "192.168.1.1"' });
/** "host-gateway" is the device as a container sees it: docker run --add-host. */
const hostAddress = text({
  pattern: new RegExp(`^(?:${IPV4}|${IPV6}|host-gateway)$`),
  expected: 'an address like "192.168.1.5", or "host-gateway"',
});

/** The rule of Docker for names of networks. */
const networkName = text({
  pattern: /^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,127}$/,
  expected: "the name of a namespace, or of a network of the device",
});

export const NETWORK_FIELDS = fields({
  namespace: field(workloadName, DEFAULT_NAMESPACE, {
    defaultText: `"${DEFAULT_NAMESPACE}"`,
    doc: "Deployments of one namespace share a network, and find each other by name",
    example: 'namespace = "shop"',
  }),
  network: field(network(), null, {
    defaultText: "that of its namespace",
    doc: 'In its place: "none", or "host", which the device must allow',
    example: 'network = "none"',
  }),
  networks: field(list(networkName, "an array of names"), [], {
    doc: "Further ones: other namespaces, or networks of the device that it allows",
    example: 'networks = ["backend"]',
  }),
  aliases: field(list(hostName, "an array of names"), [], {
    doc: "Names that others find it by, beside its own",
    example: 'aliases = ["www"]',
  }),
  hostname: field(hostName, null, {
    defaultText: "the container's id",
    doc: "What it calls itself",
    example: 'hostname = "web-1"',
  }),
  extra_hosts: field(extraHosts(), [], {
    doc: 'Further names and their addresses; "host-gateway" is the device',
    example: 'extra_hosts = { nas = "192.168.1.5" }',
  }),
  dns: field(oneOrMore(address, "an address or an array of addresses"), [], {
    defaultText: "the device's",
    doc: "Servers that it asks for names",
    example: 'dns = ["192.168.1.1"]',
  }),
});

function network(): Schema<"none" | "host"> {
  const plain = oneOf("none", "host");
  return {
    ...plain,
    read(value, scope) {
      if (value === "none" || value === "host") return value;
      const joins = typeof value === "string" && value !== "" && value !== "bridge";
      return scope.mismatch(
        value,
        plain.expected,
        joins ? `networks = [${quote(value)}] joins a network by its name` : "leave it out for the usual network",
      );
    },
  };
}

/** "name:address" or "name=address" as compose writes them, or a table. IPv6 addresses contain colons. */
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
      if (!Array.isArray(value)) return scope.mismatch(value, expected);
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

interface NetworkContext {
  /** Names of the fields that the manifest has. */
  given: ReadonlySet<string>;
  scope: DiagnosticScope;
}

/** Reports fields that contradict `network`, and networks that are named twice. */
export function buildNetwork(read: Infer<typeof NETWORK_FIELDS>, { given, scope }: NetworkContext): NetworkOptions {
  const { network } = read;
  const refuse = (names: readonly string[]) => {
    for (const name of names.filter((one) => given.has(one))) {
      scope.at(name).keyError(`network = "${network}" has no ${name}`, "keep one of the two");
    }
  };
  if (network === "none" || network === "host") refuse(["namespace", "networks", "aliases", "ports"]);
  if (network === "none") refuse(["dns", "extra_hosts"]);
  const networks = read.networks ?? [];
  networks.forEach((name, index) => {
    if (name === undefined) return;
    const at = scope.at("networks").at(index);
    if (name === read.namespace) at.error(`${quote(name)} is its own namespace`);
    else if (networks.indexOf(name) < index) at.error(`${quote(name)} is named twice`);
  });
  const { namespace, hostname } = withDefaults(NETWORK_FIELDS, read);
  return {
    network: network ?? null,
    namespace: namespace === DEFAULT_NAMESPACE ? null : namespace,
    networks: present(networks),
    aliases: present(read.aliases),
    hostname,
    extraHosts: read.extra_hosts ?? [],
    dns: present(read.dns),
  };
}
