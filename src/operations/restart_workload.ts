/** The owner's word for a fresh start of what runs. */
import { Failure } from "../failure.ts";
import { formatUntil } from "../model/override.ts";
import type { ReasonCode } from "../model/reason.ts";
import type { Blocked } from "../reconciler/pipeline/blocked.ts";
import type { ResolvedWorkload } from "../reconciler/pipeline/resolved_workload.ts";
import { addEvent, type Device } from "../daemon/device.ts";
import { findWorkload } from "./find_workload.ts";
import { observedInstances } from "../model/instance.ts";

/** Throws a `Failure` (`mistake`) for what would not be started: else it would be, on the day on which it may. */
export async function restart(device: Device, name: string): Promise<void> {
  const { spec, override, gated, frozen } = findWorkload(device, name);
  if (override?.action === "stop") {
    throw new Failure(`"${name}" is held on this device ${formatUntil(override)}`, {
      kind: "mistake",
      reason: "held",
      hint: `"harbornode release ${name}" ends that`,
    });
  }
  const waiting = device.plan.waiting.get(name);
  const isDenied = waiting?.reason === "policy_denied" || (spec === null && gated !== null);
  if (isDenied) throw denied(name, gated ?? waiting!);
  if (spec === null || frozen === "untouched" || !spec.enabled) {
    throw notRun(name, { spec, override, isUntouched: frozen === "untouched" });
  }
  const here = observedInstances(device.observations).filter((
    instance,
  ) => instance.workload === name);
  for (const id of here.length === 0 ? [name] : here.map((instance) => instance.id)) device.forcedRestarts.add(id);
  device.retries.delete(name);
  addEvent(device, { workload: name, reason: "forced", message: `a restart of ${name} was asked for` });
  device.trigger.fire();
  await Promise.resolve();
}

function denied(name: string, { reason, message, hint = null }: Blocked & { hint?: string | null }): Failure {
  return new Failure(`"${name}" may not be started: ${message}`, {
    kind: "mistake",
    reason,
    ...(hint === null ? {} : { hint }),
  });
}

function notRun(
  name: string,
  { spec, override, isUntouched }: Pick<ResolvedWorkload, "spec" | "override"> & { isUntouched: boolean },
): Failure {
  const [reason, why]: [ReasonCode, string] = spec === null
    ? ["invalid_manifest", "was never applied: its manifest has problems"]
    : isUntouched && override !== null
    ? ["held", "is held, and nothing of it was ever applied"]
    : isUntouched
    ? ["suspended", "is left alone: suspend = true"]
    : ["disabled", "is switched off: enabled = false"];
  return new Failure(`"${name}" ${why}`, { kind: "mistake", reason, hint: "change that in its manifest" });
}
