/** Policies of two owners, for tests that need one. */
import type { Policy } from "../../src/model/policy/policy.ts";
import { loadSettings } from "../../src/settings/load.ts";
import { tempDir } from "./temp.ts";

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
export async function defaultPolicy(): Promise<Policy> {
  await using dir = await tempDir();
  await Deno.writeTextFile(`${dir.path}/config.toml`, '[repo]\nurl = "https://git.example.org/fleet.git"\n');
  const read = await loadSettings({ file: undefined, cwd: dir.path, env: { HOME: "/" }, hostname: "host" });
  if ("problems" in read) throw new Error(read.problems.map((one) => one.message).join());
  return { ...read.settings.policy, own: { ports: [3080], paths: ["/srv/harbornode/data"] } };
}
