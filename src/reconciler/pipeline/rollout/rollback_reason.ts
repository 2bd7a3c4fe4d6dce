/** Why a workload is not what git asks for, in a sentence. */
import type { QuarantinedSpec } from "../../../model/rollout.ts";

export function rollbackReason({ by, fingerprint, target, message }: QuarantinedSpec): string {
  if (target === "") return `goes away again: ${message}`;
  const back = `goes back from ${fingerprint.slice(0, 7)} to ${target.slice(0, 7)}`;
  return by === "owner" ? `${back}, as was asked on the device` : `${back}: ${message}`;
}
