/** A workload of this device by its name, as the owner says it. */
import { Failure } from "../../failure.ts";
import type { Effective } from "../../plan/effective.ts";
import type { Device } from "../device.ts";

/** Throws a `Failure` (`mistake`) that names those that there are. */
export function workloadNamed(device: Device, name: string): Effective {
  const found = device.plan.workloads.find((one) => one.name === name);
  return found ?? unknown(device, name);
}

export function unknown(device: Device, name: string): never {
  const names = device.plan.workloads.map((one) => one.name);
  const hint = names.length === 0 ? "this device runs no workload yet" : `this device has: ${names.join(", ")}`;
  throw new Failure(`there is no workload "${name}" on this device`, { kind: "mistake", reason: "removed", hint });
}
