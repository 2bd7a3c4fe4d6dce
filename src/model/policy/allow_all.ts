/** Of an owner who trusts the repository. For looking at a checkout where no owner is asked; no device has it by itself. */
import type { Policy } from "./policy.ts";

export const ALLOW_ALL: Policy = {
  allowRoot: true,
  allowUsers: [],
  allowGroups: [],
  allowCapabilities: [],
  allowPrivileged: true,
  allowPriority: true,
  allowDevices: ["/dev/*", "/dev/*/*", "/dev/*/*/*"],
  allowGpus: true,
  allowHostNetwork: true,
  allowHostPaths: ["/"],
  allowVolumes: [],
  allowNetworks: [],
  allowOciRuntimes: [],
  images: [],
  requireDigest: false,
  artifactHosts: [],
  runtimes: ["native", "docker"],
  ports: [{ from: 1, to: 65_535 }],
  daemonVersions: ["*"],
  maxWorkloads: 10_000,
  maxInstances: 10_000,
  own: { ports: [], paths: [] },
};
