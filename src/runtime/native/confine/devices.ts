/** Device nodes: allowed by the owner, there, and reached through the group that owns them. */
import { Failure } from "../../../failure.ts";
import type { Bounds } from "./bounds.ts";

/** The groups that a user needs to use these devices. Throws for one that is not allowed, not there, or root's alone. */
export async function deviceGroups(devices: readonly string[], policy: Bounds["policy"]): Promise<number[]> {
  const groups: number[] = [];
  for (const path of devices) {
    if (!policy.allowDevices.some((pattern) => matches(path, pattern))) {
      throw new Failure(`devices: the owner of this device does not allow "${path}"`, {
        kind: "mistake",
        reason: "policy_denied",
        hint: "leave it out, or add it to [policy] allow_devices in config.toml",
      });
    }
    const group = await groupOf(path);
    if (group !== null) groups.push(group);
  }
  return groups;
}

/** `*` stands for any characters but a slash; everything else for itself. */
export function matches(path: string, pattern: string): boolean {
  const parts = pattern.split("*").map((part) => part.replace(/[.+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${parts.join("[^/]*")}$`).test(path);
}

/** Null where everybody may use the node. */
async function groupOf(path: string): Promise<number | null> {
  // Links are followed: the stable names of /dev/serial/by-id are links, and only root makes any there.
  const info = await Deno.stat(path).catch(() => null);
  if (info === null || !(info.isCharDevice || info.isBlockDevice)) {
    throw new Failure(info === null ? `there is no device "${path}"` : `"${path}" is not a device`, {
      kind: info === null ? "refused" : "mistake",
      reason: "start_failed",
      ...(info === null ? { hint: "plug it in; the start is tried again" } : {}),
    });
  }
  const mode = info.mode ?? 0;
  if ((mode & 0o006) === 0o006) return null;
  if ((mode & 0o060) !== 0o060 || info.gid === 0 || info.gid === null) {
    throw new Failure(`only root can use the device "${path}"`, {
      kind: "refused",
      reason: "permission_denied",
      hint: 'give it a group by a udev rule, like GROUP="dialout", MODE="0660"',
    });
  }
  return info.gid;
}
