/** `[policy]`: what git may ask of this device. Everything that is not allowed here is denied. */
import type { OwnParts, Policy, PortRange } from "../../model/policy/policy.ts";
import { VERSION_PATTERN } from "../../model/release_version.ts";
import { fields, type InferComplete } from "../../schema/field_table.ts";
import { capability } from "../../schema/linux_capability.ts";
import { flag, list, number, oneOf, present, type Schema, text } from "../../schema/schema.ts";
import { quote } from "../../schema/toml_value.ts";
import { setting } from "../section.ts";

/** A path below /dev, without "." or "..". */
const DEVICE = text({
  pattern: /^\/dev(\/(?!\.{1,2}(\/|$))[^/\s\0]+)+$/,
  expected: 'a path like "/dev/ttyUSB0" or "/dev/video*"',
});

/** An absolute path without "..". */
const HOST_PATH = text({ pattern: /^\/(?!(.*\/)?\.\.(\/|$))[^\0]*$/, expected: 'an absolute path like "/srv/media"' });

/** The rule of Docker for names. */
const DOCKER_NAME = /^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/;
const NETWORK = text({ pattern: DOCKER_NAME, expected: 'the name of a network like "proxy"' });
const VOLUME = text({ pattern: DOCKER_NAME, expected: 'the name of a volume like "media"' });
const OCI_RUNTIME = text({ pattern: DOCKER_NAME, expected: 'a runtime like "runsc"' });

const IMAGES = text({
  pattern: /^[a-zA-Z0-9[][\w.:[\]-]*(\/[\w.-]+)*(\/\*)?$/,
  expected: 'a repository like "nginx", or all below one like "ghcr.io/me/*"',
});

const HOST = text({
  pattern: /^(\*\.)?([a-z0-9-]+(\.[a-z0-9-]+)*|\[[0-9a-f:.]+\])$/,
  expected: 'a host like "github.com" or "*.example.org"',
});

const VERSIONS = text({ pattern: VERSION_PATTERN, expected: 'a version like "0.2.1", or all of some like "0.2.*"' });

/** Ports below 1024 are those of services that other machines rely on: SSH, DNS, HTTP. */
const PORTS: PortRange[] = [{ from: 1024, to: 65_535 }];

/** More than any device has: they bound a mistake or a flood. */
const MAX_WORKLOADS = 500;
const MAX_INSTANCES = 1000;

const paths = "an array of paths";
const names = "an array of names";

export const POLICY = {
  name: "policy",
  fields: fields({
    allow_root: setting(flag, false, "Whether a manifest may ask to run as root, or as anybody"),
    allow_users: setting(
      list(account("user"), names),
      [],
      'As which users a service may run: names, numbers, or "1000-1999"; without one it has its own',
    ),
    allow_groups: setting(list(account("group"), names), [], "In which groups a service may be, alike"),
    allow_capabilities: setting(
      list(capability, "an array of capabilities"),
      [],
      "Which capabilities a manifest may ask for",
    ),
    allow_privileged: setting(flag, false, "Whether a container may be privileged, or take off its confinement"),
    allow_priority: setting(
      flag,
      false,
      "Whether a manifest may put its own before others: nice and oom_score_adj below 0, real time",
    ),
    allow_devices: setting(list(DEVICE, paths), [], "What of /dev a manifest may ask for; * is a glob"),
    allow_gpus: setting(flag, false, "Whether a manifest may ask for GPUs"),
    allow_host_network: setting(flag, false, "Whether a container may use the device's own network"),
    allow_host_paths: setting(
      list(HOST_PATH, "an array of absolute paths"),
      [],
      "Which paths of the device, and all below them, containers may mount",
    ),
    allow_volumes: setting(list(VOLUME, names), [], "Which volumes of Docker, made by others, containers may mount"),
    allow_networks: setting(list(NETWORK, names), [], "Which networks of Docker, made by others, containers may join"),
    allow_oci_runtimes: setting(list(OCI_RUNTIME, names), [], "Which runtimes of Docker containers may ask for"),
    images: setting(
      list(IMAGES, "an array of repositories"),
      [],
      'Where images may come from, like "nginx" or "ghcr.io/me/*"; default: anywhere',
    ),
    require_digest: setting(flag, false, "Whether images must be named by their digest"),
    artifact_hosts: setting(
      list(HOST, "an array of hosts"),
      [],
      'Where downloads may come from, like "github.com" or "*.example.org"; default: anywhere',
    ),
    runtimes: setting(
      list(oneOf("native", "docker"), 'an array like ["native"]'),
      ["native", "docker"],
      "What may run workloads here",
    ),
    ports: setting(
      list(ports(), 'an array of ports like [443, "8000-8999"]'),
      PORTS,
      'Which ports of the device a manifest may name; default: "1024-65535"',
    ),
    daemon_versions: setting(
      list(VERSIONS, "an array of versions"),
      [],
      'Which versions of HarborNode git may ask for, like "0.2.*"; an older one only by its whole name',
    ),
    max_workloads: setting(number({ min: 1, max: 100_000 }), MAX_WORKLOADS, "How many workloads there may be"),
    max_instances: setting(number({ min: 1, max: 100_000 }), MAX_INSTANCES, "How many instances of them together"),
  }),
};

type Values = InferComplete<typeof POLICY.fields>;

/** `own` are the ports and paths of HarborNode itself. */
export function policyOf(values: Values, own: OwnParts): Policy {
  return {
    allowRoot: values.allow_root,
    allowUsers: present(values.allow_users),
    allowGroups: present(values.allow_groups),
    allowCapabilities: present(values.allow_capabilities),
    allowPrivileged: values.allow_privileged,
    allowPriority: values.allow_priority,
    allowDevices: present(values.allow_devices),
    allowGpus: values.allow_gpus,
    allowHostNetwork: values.allow_host_network,
    allowHostPaths: present(values.allow_host_paths),
    allowVolumes: present(values.allow_volumes),
    allowNetworks: present(values.allow_networks),
    allowOciRuntimes: present(values.allow_oci_runtimes),
    images: present(values.images),
    requireDigest: values.require_digest,
    artifactHosts: present(values.artifact_hosts),
    runtimes: present(values.runtimes),
    ports: present(values.ports),
    daemonVersions: present(values.daemon_versions),
    maxWorkloads: values.max_workloads,
    maxInstances: values.max_instances,
    own,
  };
}

/** A user or a group. Root has a setting of its own, so that no range includes it by accident. */
function account(what: "user" | "group"): Schema<string> {
  const expected = `a ${what} by name or number, or a range of numbers like "1000-1999"`;
  const name = text({ pattern: /^[A-Za-z0-9_][A-Za-z0-9_.-]*$/, expected });
  return {
    expected,
    jsonSchema: { anyOf: [name.jsonSchema, { type: "integer", minimum: 1 }] },
    read(value, scope) {
      const given = name.read(typeof value === "bigint" || typeof value === "number" ? String(value) : value, scope);
      if (given === undefined) return undefined;
      const [, from, to = from] = /^(\d+)(?:-(\d+))?$/.exec(given) ?? [];
      const isRoot = given === "root" || (from !== undefined && Number(from) === 0);
      if (isRoot) return scope.error(`is ${quote(value)}, which is root`, "allow_root = true allows it");
      if (from !== undefined && Number(from) > Number(to)) {
        return scope.error(`is ${quote(value)}, and ends before it begins`, `write "${to}-${from}"`);
      }
      return given;
    },
  };
}

/** A port, or a range of ports. */
function ports(): Schema<PortRange> {
  const expected = 'a port, or a range like "8000-8999"';
  return {
    expected,
    jsonSchema: { anyOf: [{ type: "integer", minimum: 1, maximum: 65_535 }, { type: "string" }] },
    read(value, scope) {
      const given = typeof value === "bigint" || typeof value === "number" ? String(value) : value;
      const [, first, last = first] = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(typeof given === "string" ? given : "") ?? [];
      const [from, to] = [Number(first), Number(last)];
      if (from >= 1 && from <= to && to <= 65_535) return { from, to };
      return scope.mismatch(value, expected);
    },
  };
}
