/** Device nodes and GPUs: there, and reached through the group that owns them. */
import { join } from "node:path";
import { Failure } from "../../../failure.ts";
import { checkIsDevice } from "../../../model/policy/allowed_device_nodes.ts";
import type { NativeWorkload } from "../../../model/workload.ts";

/**
 * The groups that a user needs to use its devices and GPUs. Throws for what is not there, or root's alone.
 * `dev` is where the GPUs' nodes are looked for.
 */
export async function deviceGroups(
  { devices, gpus }: Pick<NativeWorkload, "devices" | "gpus">,
  dev = "/dev",
): Promise<number[]> {
  const paths = gpus === null ? devices : [...devices, ...await gpuNodes(dev)];
  const groups: number[] = [];
  for (const path of paths) {
    const group = await groupOf(path);
    if (group !== null) groups.push(group);
  }
  return groups;
}

/** Nodes to render and to compute with. The card nodes beside them are for whoever sets the screen. */
const GPU_NODES = [
  { folder: "dri", name: /^renderD\d+$/ },
  { folder: "", name: /^nvidia/ },
  { folder: "", name: /^kfd$/ },
];

async function gpuNodes(dev: string): Promise<string[]> {
  const nodes: string[] = [];
  for (const { folder, name } of GPU_NODES) {
    const path = join(dev, folder);
    const names = await Array.fromAsync(Deno.readDir(path), (entry) => entry.name).catch(() => []);
    for (const one of names.filter((one) => name.test(one)).sort()) {
      const { isCharDevice } = await Deno.stat(join(path, one));
      // NVIDIA has a folder among its nodes.
      if (isCharDevice === true) nodes.push(join(path, one));
    }
  }
  if (nodes.length > 0) return nodes;
  throw new Failure("gpus: there is no GPU on this device", {
    kind: "refused",
    reason: "start_failed",
    hint: "install its driver, or leave gpus out; the start is tried again",
  });
}

/** Null where everybody may use the node. */
async function groupOf(path: string): Promise<number | null> {
  // Links are followed: the stable names of /dev/serial/by-id are links, and only root makes any there.
  const info = await Deno.stat(path).catch(() => null);
  checkIsDevice(path, info);
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
