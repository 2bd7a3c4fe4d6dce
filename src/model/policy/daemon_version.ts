/** Which versions of HarborNode itself git may ask for. */
import { compareVersions, fitsPattern } from "../release_version.ts";
import type { Policy } from "./policy.ts";
import type { PolicyViolation } from "./evaluate_policy.ts";

/** `running`: null where no device is at hand. Null for a version that the owner allows. */
export function daemonVersionDenial(
  wanted: string,
  { running, policy }: { running: string | null; policy: Pick<Policy, "daemonVersions"> },
): PolicyViolation | null {
  if (wanted === running || policy.daemonVersions.includes(wanted)) return null;
  const hint = `leave it out, or add "${wanted}" to daemon_versions in [policy] of config.toml`;
  // What an older one leaves undone, and what it cannot read, nobody asked the owner.
  if (running !== null && compareVersions(wanted, running) < 0) {
    const message = `the repository asks for the older version "${wanted}", and the owner of this device names no such`;
    return { reason: "policy_denied", message, hint };
  }
  if (policy.daemonVersions.some((pattern) => fitsPattern(wanted, pattern))) return null;
  return { reason: "policy_denied", message: `the owner of this device does not allow version "${wanted}"`, hint };
}
