/** `[resources]` as limits of an instance's control group; what cannot be enforced is said, never replaced or dropped. */
import { join } from "node:path";
import type { Instance } from "../../../model/instance.ts";
import type { Resources } from "../../../model/workload.ts";
import { type Controller, controllersOf, findCgroup } from "./cgroup_mount.ts";
import { exists } from "../../../os/exists.ts";

/** Of cpu.max, in microseconds: within each of these a share is used up. */
const PERIOD_US = 100_000;
/** The kernel takes no less. */
const LEAST_QUOTA_US = 1000;

/** A Raspberry Pi's own system starts with the memory controller switched off. */
const RASPBERRY_PI = "on a Raspberry Pi add cgroup_enable=memory cgroup_memory=1 to /boot/firmware/cmdline.txt";

interface Wanted {
  controller: Controller;
  /** As the manifest says it. */
  text: string;
  file: string;
  value: string;
}

/**
 * Sets the limits before anything is in the group. Returns a warning for each that does not hold. A shim within is one
 * process more than the service knows of.
 */
export async function setLimits(
  cgroup: string | null,
  resources: Resources,
  { shim }: { shim: "within" | "outside" },
): Promise<Instance["warnings"]> {
  const warnings: Instance["warnings"] = [];
  for (const { controller, text, file, value } of wanted(resources, shim === "within" ? 1 : 0)) {
    if (cgroup !== null && await write(join(cgroup, file), value)) continue;
    const message = `${text} is not enforced: ${await whyNot(controller, cgroup)}`;
    warnings.push({ reason: "limit_not_enforced", message });
  }
  if (cgroup !== null && resources.memoryBytes !== null) {
    // Swap would only put the end off, and wear an SD card out; half a service is worth less than none.
    await write(join(cgroup, "memory.swap.max"), "0");
    await write(join(cgroup, "memory.oom.group"), "1");
  }
  return warnings;
}

/** Whether the kernel killed what was in the group because it was over its own limit, and not the device out of memory. */
export async function wasOverMemory(cgroup: string | null): Promise<boolean> {
  if (cgroup === null) return false;
  const events = await Deno.readTextFile(join(cgroup, "memory.events")).catch(() => "");
  return /^oom [1-9]/m.test(events) && /^oom_kill [1-9]/m.test(events);
}

function wanted({ memoryBytes, cpus, pids }: Resources, morePids: number): Wanted[] {
  const all: Wanted[] = [];
  if (memoryBytes !== null) {
    const value = String(memoryBytes);
    all.push({ controller: "memory", text: `memory = "${size(memoryBytes)}"`, file: "memory.max", value });
  }
  if (cpus !== null) {
    const quota = Math.max(LEAST_QUOTA_US, Math.round(cpus * PERIOD_US));
    all.push({ controller: "cpu", text: `cpu = ${cpus}`, file: "cpu.max", value: `${quota} ${PERIOD_US}` });
  }
  if (pids !== null) {
    all.push({ controller: "pids", text: `pids = ${pids}`, file: "pids.max", value: String(pids + morePids) });
  }
  return all;
}

async function whyNot(controller: Controller, cgroup: string | null): Promise<string> {
  const found = await findCgroup();
  if (found === null) return "this device has no cgroup v2";
  if ((await controllersOf(found.mount)).includes(controller)) {
    return cgroup === null
      ? "the daemon can make no control group"
      : `the daemon may not use the ${controller} controller`;
  }
  const hierarchy = await hierarchyOf(controller);
  if (hierarchy > 0) return `the ${controller} controller of this device is bound to cgroup v1`;
  const hint = controller === "memory" ? `; ${RASPBERRY_PI}` : "";
  return `this device has no ${controller} controller${hint}`;
}

/** Of version 1, where the controller is bound to one and switched on; 0 otherwise. */
async function hierarchyOf(controller: Controller): Promise<number> {
  const text = await Deno.readTextFile("/proc/cgroups").catch(() => "");
  const [, hierarchy, enabled] = new RegExp(`^${controller}\\s+(\\d+)\\s+\\d+\\s+(\\d)`, "m").exec(text) ?? [];
  return enabled === "1" ? Number(hierarchy) : 0;
}

/** False when there is no such file: then the controller was not given. */
async function write(path: string, value: string): Promise<boolean> {
  if (!await exists(path)) return false;
  return await Deno.writeTextFile(path, value).then(() => true, () => false);
}

/** 67108864 -> "64 MiB" */
function size(bytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB"];
  let unit = 0;
  for (; unit < units.length - 1 && bytes % 1024 === 0; unit++) bytes /= 1024;
  return `${bytes} ${units[unit]}`;
}
