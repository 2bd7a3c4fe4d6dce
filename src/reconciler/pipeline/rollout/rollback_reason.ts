/** Why a workload is not what git asks for, in a sentence. */
import type { QuarantinedSpec } from "../../../model/rollout.ts";
import { shortId } from "../../../model/git_ref.ts";

export function rollbackReason({ by, fingerprint, target, message }: QuarantinedSpec): string {
  if (target === "") return `goes away again: ${message}`;
  const back = `goes back from ${shortId(fingerprint)} to ${shortId(target)}`;
  return by === "owner" ? `${back}, as was asked on the device` : `${back}: ${message}`;
}
