/** The one place where what git asks for meets what the owner of the device allows. Looks at nothing but the two. */
import { Failure } from "../failure.ts";
import { checkContainerAllowed, type ContainerPolicy } from "./container_policy.ts";
import { checkDevicesAllowed } from "./device_policy.ts";
import type { ReasonCode } from "./reason.ts";
import type { Workload } from "./workload.ts";

/** Null when all of it is allowed; else what is not, and the setting that would allow it. */
export function policyRefusal(
  spec: Workload,
  policy: ContainerPolicy,
): { reason: ReasonCode; message: string; hint: string | null } | null {
  try {
    checkDevicesAllowed(spec, policy);
    if (spec.runtime === "docker") checkContainerAllowed(spec, policy);
    return null;
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return { reason: error.reason, message: error.message, hint: error.hint ?? null };
  }
}
