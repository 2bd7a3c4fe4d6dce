/** The owner's word for a fresh start of what runs. */
import { Failure } from "../../failure.ts";
import { untilText } from "../../model/pause/hold.ts";
import type { ReasonCode } from "../../model/reason.ts";
import type { Blocked } from "../../plan/admission.ts";
import type { Effective } from "../../plan/effective.ts";
import { addEvent, type Device } from "../device.ts";
import { workloadNamed } from "./workload_named.ts";

/** Throws a `Failure` (`mistake`) for what would not be started: else it would be, on the day on which it may. */
export async function restart(device: Device, name: string): Promise<void> {
  const { spec, held, barred, frozen } = workloadNamed(device, name);
  if (held?.action === "stop") {
    throw new Failure(`"${name}" is held on this device ${untilText(held)}`, {
      kind: "mistake",
      reason: "held",
      hint: `"harbornode release ${name}" ends that`,
    });
  }
  const waiting = device.plan.waiting.get(name);
  const isDenied = waiting?.reason === "policy_denied" || (spec === null && barred !== null);
  if (isDenied) throw denied(name, barred ?? waiting!);
  if (spec === null || frozen === "untouched" || !spec.enabled) {
    throw notRun(name, { spec, held, isUntouched: frozen === "untouched" });
  }
  const here = device.observations.flatMap((one) => one.ok ? one.instances : []).filter((one) => one.workload === name);
  for (const id of here.length === 0 ? [name] : here.map((one) => one.id)) device.forced.add(id);
  device.attempts.delete(name);
  addEvent(device, { workload: name, reason: "forced", message: `a restart of ${name} was asked for` });
  device.wake.now();
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
  { spec, held, isUntouched }: Pick<Effective, "spec" | "held"> & { isUntouched: boolean },
): Failure {
  const [reason, why]: [ReasonCode, string] = spec === null
    ? ["invalid_manifest", "was never applied: its manifest has problems"]
    : isUntouched && held !== null
    ? ["held", "is held, and nothing of it was ever applied"]
    : isUntouched
    ? ["suspended", "is left alone: suspend = true"]
    : ["disabled", "is switched off: enabled = false"];
  return new Failure(`"${name}" ${why}`, { kind: "mistake", reason, hint: "change that in its manifest" });
}
