/** What the owner lets a workload have: one rule and one wording for every runtime. Looks at nothing. */
import { Failure } from "../failure.ts";
import type { Workload } from "./workload.ts";

export interface DevicePolicy {
  /** Absolute paths below /dev; `*` stands for any characters but a slash. */
  allowDevices: readonly string[];
  allowGpus: boolean;
}

/** Throws a `Failure` (`policy_denied`) for the first thing that the owner does not allow. */
export function checkDevicesAllowed({ devices, gpus }: Pick<Workload, "devices" | "gpus">, policy: DevicePolicy): void {
  for (const path of devices) {
    if (policy.allowDevices.some((pattern) => matches(path, pattern))) continue;
    throw new Failure(`devices: the owner of this device does not allow "${path}"`, {
      kind: "mistake",
      reason: "policy_denied",
      hint: "leave it out, or add it to [policy] allow_devices in config.toml",
    });
  }
  if (gpus === null || policy.allowGpus) return;
  throw new Failure("gpus: the owner of this device does not allow GPUs", {
    kind: "mistake",
    reason: "policy_denied",
    hint: "leave gpus out, or set allow_gpus = true in [policy] of config.toml",
  });
}

/** `*` stands for any characters but a slash; everything else for itself. */
export function matches(path: string, pattern: string): boolean {
  const parts = pattern.split("*").map((part) => part.replace(/[.+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${parts.join("[^/]*")}$`).test(path);
}

/** What stat(2) says of a device that was asked for; null for a path that is not there. */
type Found = { isCharDevice: boolean | null; isBlockDevice: boolean | null } | null;

/** Throws a `Failure` (`start_failed`) unless it is a device node. */
export function checkIsDevice<F extends Found>(path: string, found: F): asserts found is NonNullable<F> {
  if (found === null) {
    throw new Failure(`there is no device "${path}"`, {
      kind: "refused",
      reason: "start_failed",
      hint: "plug it in; the start is tried again",
    });
  }
  if (found.isCharDevice === true || found.isBlockDevice === true) return;
  throw new Failure(`"${path}" is not a device`, { kind: "mistake", reason: "start_failed" });
}
