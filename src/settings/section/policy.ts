/** `[policy]`: what git may ask of this device. What it does not name is denied. */
import { capability } from "../../schema/linux_capability.ts";
import { flag, list, number, oneOf, type Schema, text } from "../../schema/schema.ts";
import { quote, type Table } from "../../schema/diagnostic.ts";
import type { OwnParts, Policy, PortRange } from "../../model/policy/policy.ts";
import { VERSION_PATTERN } from "../../model/release/version.ts";
import { type Section, setting } from "../section.ts";

/** No step leads out of /dev. */
const DEVICE = text({
  pattern: /^\/dev(\/(?!\.{1,2}(\/|$))[^/\s\0]+)+$/,
  expected: 'a path like "/dev/ttyUSB0" or "/dev/video*"',
});

/** No step leads back. */
const HOST_PATH = text({ pattern: /^\/(?!(.*\/)?\.\.(\/|$))[^\0]*$/, expected: 'an absolute path like "/srv/media"' });

/** As Docker itself has it. */
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

/** Below 1024 are the services that other machines look for on this one, and rely on: SSH, DNS, the web. */
const PORTS: readonly PortRange[] = [{ from: 1024, to: 65_535 }];

/** More than any device of one repository has; a slip or a flood ends there. */
const MAX_WORKLOADS = 500;
const MAX_INSTANCES = 1000;

const paths = "an array of paths";
const names = "an array of names";

export const POLICY: Section = {
  name: "policy",
  fields: [
    setting("allow_root", flag, false, "Whether a manifest may ask to run as root, or as anybody"),
    setting(
      "allow_users",
      list(account("user"), names),
      [],
      'As which users a service may run: names, numbers, or "1000-1999"; without one it has its own',
    ),
    setting("allow_groups", list(account("group"), names), [], "In which groups a service may be, alike"),
    setting(
      "allow_capabilities",
      list(capability, "an array of capabilities"),
      [],
      "Which capabilities a manifest may ask for",
    ),
    setting("allow_privileged", flag, false, "Whether a container may be privileged, or take off its confinement"),
    setting(
      "allow_priority",
      flag,
      false,
      "Whether a manifest may put its own before others: nice and oom_score_adj below 0, real time",
    ),
    setting("allow_devices", list(DEVICE, paths), [], "What of /dev a manifest may ask for; * is a glob"),
    setting("allow_gpus", flag, false, "Whether a manifest may ask for GPUs"),
    setting("allow_host_network", flag, false, "Whether a container may use the device's own network"),
    setting(
      "allow_host_paths",
      list(HOST_PATH, "an array of absolute paths"),
      [],
      "Which paths of the device, and all below them, containers may mount",
    ),
    setting("allow_volumes", list(VOLUME, names), [], "Which volumes of Docker, made by others, containers may mount"),
    setting(
      "allow_networks",
      list(NETWORK, names),
      [],
      "Which networks of Docker, made by others, containers may join",
    ),
    setting("allow_oci_runtimes", list(OCI_RUNTIME, names), [], "Which runtimes of Docker containers may ask for"),
    setting(
      "images",
      list(IMAGES, "an array of repositories"),
      [],
      'Where images may come from, like "nginx" or "ghcr.io/me/*"; default: anywhere',
    ),
    setting("require_digest", flag, false, "Whether images must be named by their digest"),
    setting(
      "artifact_hosts",
      list(HOST, "an array of hosts"),
      [],
      'Where downloads may come from, like "github.com" or "*.example.org"; default: anywhere',
    ),
    setting(
      "runtimes",
      list(oneOf("native", "docker"), 'an array like ["native"]'),
      ["native", "docker"],
      "What may run workloads here",
    ),
    setting(
      "ports",
      list(ports(), 'an array of ports like [443, "8000-8999"]'),
      PORTS,
      'Which ports of the device a manifest may name; default: "1024-65535"',
    ),
    setting(
      "daemon_versions",
      list(VERSIONS, "an array of versions"),
      [],
      'Which versions of HarborNode git may ask for, like "0.2.*"; an older one only by its whole name',
    ),
    setting("max_workloads", number({ min: 1, max: 100_000 }), MAX_WORKLOADS, "How many workloads there may be"),
    setting("max_instances", number({ min: 1, max: 100_000 }), MAX_INSTANCES, "How many instances of them together"),
  ],
};

export function policyOf(read: Table, own: OwnParts): Policy {
  return {
    allowRoot: read.allow_root as boolean,
    allowUsers: read.allow_users as string[],
    allowGroups: read.allow_groups as string[],
    allowCapabilities: read.allow_capabilities as string[],
    allowPrivileged: read.allow_privileged as boolean,
    allowPriority: read.allow_priority as boolean,
    allowDevices: read.allow_devices as string[],
    allowGpus: read.allow_gpus as boolean,
    allowHostNetwork: read.allow_host_network as boolean,
    allowHostPaths: read.allow_host_paths as string[],
    allowVolumes: read.allow_volumes as string[],
    allowNetworks: read.allow_networks as string[],
    allowOciRuntimes: read.allow_oci_runtimes as string[],
    images: read.images as string[],
    requireDigest: read.require_digest as boolean,
    artifactHosts: read.artifact_hosts as string[],
    runtimes: read.runtimes as Policy["runtimes"],
    ports: read.ports as PortRange[],
    daemonVersions: read.daemon_versions as string[],
    maxWorkloads: read.max_workloads as number,
    maxInstances: read.max_instances as number,
    own,
  };
}

/** Root is allowed by a word of its own, so that nobody gives it away with a range. */
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

/** A port, or from one to another. */
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
      return scope.error(`is ${quote(value)}, wanted ${expected}`);
    },
  };
}
