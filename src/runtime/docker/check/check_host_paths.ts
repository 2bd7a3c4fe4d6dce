/** Paths and device nodes of the host that containers get: both are checked right before Docker is told. */
import { Failure } from "../../../failure.ts";
import { checkIsDevice } from "../../../model/policy/allowed_device_nodes.ts";
import { isInside, ownPath } from "../../../model/policy/allowed_host_paths.ts";
import type { Policy } from "../../../model/policy/policy.ts";
import { deny, policyFailure } from "../../../model/policy/denial.ts";
import type { DockerWorkload } from "../../../model/workload.ts";

export interface HostPathLimits {
  policy: Pick<Policy, "allowHostPaths">;
  /** HarborNode's own folders and files, absolute: neither they, nor what lies in or around them, is ever mounted. */
  protectedPaths: readonly string[];
  /** Docker's socket, which gives away the whole device: mounted only where the owner names this very path. */
  socket: string;
}

/** Throws a `Failure` for a device node that does not exist, or is something else. */
export async function checkDevices(workload: DockerWorkload): Promise<void> {
  // Docker would give a whole folder of devices for the name of one.
  for (const path of workload.devices) checkIsDevice(path, await Deno.stat(path).catch(() => null));
}

/**
 * Each path as its manifest names it, to where it really is, which is what is to be mounted: a link that is turned
 * elsewhere afterwards changes nothing. Throws a `Failure` for one that is not allowed, or not there; never makes one.
 */
export async function resolveHostPaths(
  { mounts }: Pick<DockerWorkload, "mounts">,
  bounds: HostPathLimits,
): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  for (const [index, mount] of mounts.entries()) {
    if (mount.type === "host") found.set(mount.source, await resolveHostPath(mount.source, { ...bounds, index }));
  }
  return found;
}

async function resolveHostPath(
  path: string,
  { policy, protectedPaths, socket, index }: HostPathLimits & { index: number },
): Promise<string> {
  const real = await realPath(path);
  if (real === null) {
    throw new Failure(`mounts: there is no "${path}" on this device`, {
      kind: "refused",
      reason: "start_failed",
      hint: "make it, or plug in its disk; the start is tried again",
    });
  }
  const allowed = await realPaths(policy.allowHostPaths);
  if (!isInside(real, allowed)) throw leadsOut(path, { real, index });
  const [realSocket] = await realPaths([socket]);
  if (realSocket !== undefined && isInside(realSocket, [real])) {
    if (real !== realSocket || !allowed.includes(real)) throw socketGiven(path);
  }
  for (const own of await realPaths(protectedPaths)) {
    if (isInside(real, [own]) || isInside(own, [real])) throw policyFailure(ownPath(path, index));
  }
  return real;
}

/** Those that are there. */
async function realPaths(paths: readonly string[]): Promise<string[]> {
  const real = await Promise.all(paths.map(realPath));
  return real.filter((path) => path !== null);
}

async function realPath(path: string): Promise<string | null> {
  return await Deno.realPath(path).catch(() => null);
}

function leadsOut(path: string, { real, index }: { real: string; index: number }): Failure {
  const refusal = deny({ path: ["mounts", index], value: path, key: "allow_host_paths", by: "item" });
  return policyFailure({ ...refusal, message: refusal.message + (real === path ? "" : `, which leads to "${real}"`) });
}

function socketGiven(path: string): Failure {
  return policyFailure({
    message: `mounts: "${path}" would give away Docker's socket`,
    hint: "leave it out, or add the socket itself to allow_host_paths in [policy] of config.toml",
  });
}
