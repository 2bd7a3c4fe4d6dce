/** What the owner lets a container do beyond what every container may. Looks at nothing. */
import { Failure } from "../failure.ts";
import type { SecurityOption } from "./container_options.ts";
import type { DevicePolicy } from "./device_policy.ts";
import type { DockerWorkload } from "./workload.ts";

export interface ContainerPolicy extends DevicePolicy {
  /** Like "CAP_NET_ADMIN"; those of `DEFAULT_CAPABILITIES` need no word. */
  allowCapabilities: readonly string[];
  allowRoot: boolean;
  allowPrivileged: boolean;
  allowHostNetwork: boolean;
  /** Absolute. A mount lies at one of them or below. */
  allowHostPaths: readonly string[];
  /** Networks of the owner, by name. */
  allowNetworks: readonly string[];
}

/**
 * What a container has that asks for nothing. It is Docker's default
 * (https://docs.docker.com/engine/security/#linux-kernel-capabilities) without what no entry point needs to chown its
 * data, step down to a user and serve: MKNOD, AUDIT_WRITE, SETFCAP, SETPCAP. Podman does without the first two as well
 * (containers.conf(5), default_capabilities). NET_RAW stays although one container of a network can pose as another
 * one with it: the ping of Alpine asks for a raw socket, and that of Debian is not even executed without it. Who needs
 * no ping writes cap_drop = ["NET_RAW"].
 */
export const DEFAULT_CAPABILITIES: readonly string[] = [
  "CAP_CHOWN",
  "CAP_DAC_OVERRIDE",
  "CAP_FOWNER",
  "CAP_FSETID",
  "CAP_KILL",
  "CAP_NET_BIND_SERVICE",
  "CAP_NET_RAW",
  "CAP_SETGID",
  "CAP_SETUID",
  "CAP_SYS_CHROOT",
];

type Asked = Pick<DockerWorkload, "network" | "privileged" | "capAdd" | "securityOpt" | "mounts" | "networks">;

/** Throws a `Failure` (`policy_denied`) for the first thing that the owner does not allow. Where paths lead is not seen here. */
export function checkContainerAllowed(asked: Asked, policy: ContainerPolicy): void {
  if (asked.network === "host" && !policy.allowHostNetwork) {
    throw denied('network: the owner of this device does not allow "host"', "set allow_host_network = true in");
  }
  if (asked.privileged !== null && !policy.allowPrivileged) {
    throw denied("privileged: the owner of this device does not allow it", "set allow_privileged = true in");
  }
  for (const name of asked.capAdd) {
    if (DEFAULT_CAPABILITIES.includes(name) || policy.allowCapabilities.includes(name)) continue;
    throw denied(`cap_add: the owner of this device does not allow "${name}"`, "add it to allow_capabilities in");
  }
  for (const option of asked.securityOpt) checkSecurityOption(option, policy);
  for (const mount of asked.mounts) {
    if (mount.type !== "host" || liesIn(mount.source, policy.allowHostPaths)) continue;
    throw hostPathDenied(mount.source);
  }
  for (const name of asked.networks) {
    if (isNamespace(name) || policy.allowNetworks.includes(name)) continue;
    throw networkDenied(name);
  }
}

/** With set-user-id programs a user becomes root in the container; the others take down what Docker puts around it. */
function checkSecurityOption(option: SecurityOption, policy: ContainerPolicy): void {
  if (option.type === "new-privileges") {
    if (policy.allowRoot) return;
    throw denied(
      'security_opt: the owner of this device does not allow "no-new-privileges:false"',
      "set allow_root = true in",
    );
  }
  if (policy.allowPrivileged) return;
  const text = option.type === "label" ? `label=${option.value}` : `${option.type}=${option.profile}`;
  throw denied(`security_opt: the owner of this device does not allow "${text}"`, "set allow_privileged = true in");
}

/** `path` is one of `allowed` or lies below one; all of them absolute, and nothing is looked up. */
export function liesIn(path: string, allowed: readonly string[]): boolean {
  const plain = normal(path);
  return allowed.map(normal).some((one) => plain === one || plain.startsWith(one === "/" ? "/" : `${one}/`));
}

/** Without a slash at its end, or two in a row. */
function normal(path: string): string {
  return path.replace(/\/+/g, "/").replace(/(?<=.)\/$/, "");
}

/** Of a workload's `mounts`, or where one of them leads. */
export function hostPathDenied(path: string, leadsTo: string = path): Failure {
  const leads = leadsTo === path ? "" : `, which leads to "${leadsTo}"`;
  return denied(
    `mounts: the owner of this device does not allow "${path}"${leads}`,
    "add it to allow_host_paths in",
  );
}

/** Of a network of Docker's that is not ours, or could not be. */
export function networkDenied(name: string): Failure {
  return denied(`networks: the owner of this device does not allow "${name}"`, "add it to allow_networks in");
}

/** Whether a network's name can be that of a namespace; others are of the owner's alone. */
function isNamespace(name: string): boolean {
  return /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(name);
}

function denied(message: string, change: string): Failure {
  return new Failure(message, {
    kind: "mistake",
    reason: "policy_denied",
    hint: `leave it out, or ${change} [policy] of config.toml`,
  });
}
