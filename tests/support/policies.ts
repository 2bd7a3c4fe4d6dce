/** Policies of two owners, for tests that need one. */
import type { Policy } from "../../src/model/policy/policy.ts";
import { POLICY, policyOf } from "../../src/settings/section/policy.ts";

/** Of an owner who trusts the repository. */
export const EVERYTHING_ALLOWED: Policy = {
  allowRoot: true,
  allowUsers: [],
  allowGroups: [],
  allowCapabilities: [],
  allowPrivileged: true,
  allowPriority: true,
  allowDevices: ["/dev/*"],
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
  maxWorkloads: 500,
  maxInstances: 1000,
  own: { ports: [], paths: [] },
};

/** Of an owner who said nothing of it: the settings' own defaults. */
export function defaultPolicy(): Policy {
  const fallbacks = Object.fromEntries(POLICY.fields.map(({ name, fallback }) => [name, fallback]));
  return policyOf(fallbacks, { ports: [3080], paths: ["/srv/harbornode/data"] });
}
