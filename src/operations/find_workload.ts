/** A workload of this device by its name, as the owner says it. */
import { Failure } from "../failure.ts";
import type { ResolvedWorkload } from "../reconciler/pipeline/resolved_workload.ts";
import type { Device } from "../daemon/device.ts";

/** Throws a `Failure` (`mistake`) that names those that there are. */
export function findWorkload(device: Device, name: string): ResolvedWorkload {
  const found = device.plan.workloads.find((workload) => workload.name === name);
  return found ?? unknownWorkload(device, name);
}

export function unknownWorkload(device: Device, name: string): never {
  const names = device.plan.workloads.map((workload) => workload.name);
  const hint = names.length === 0 ? "this device runs no workload yet" : `this device has: ${names.join(", ")}`;
  throw new Failure(`there is no workload "${name}" on this device`, { kind: "mistake", reason: "removed", hint });
}
