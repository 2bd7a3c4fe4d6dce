/** Whatever else goes wrong with a repository, as a `Failure`. */
import { asFailure, diskFault, Failure } from "../failure.ts";
import { oneLine } from "../model/printable.ts";
import { damaged, diskFull, diskRefuses } from "./git_failure.ts";
import { redact } from "./redact.ts";
import { ServerError } from "./remote/packets.ts";

export function explain(error: unknown, { url, secret }: { url: string; secret: string | null }): Failure {
  if (error instanceof Failure) return error;
  // A library may quote what came over the wire.
  const text = oneLine(redact(asFailure(error).message, secret)).slice(0, 500);
  if (/EFBIG|File too large/.test(text)) return diskFull(url);
  const fault = diskFault(error);
  if (fault === "full" || fault === "quota") return diskFull(url);
  if (fault !== null) return diskRefuses(url, fault);
  if (error instanceof ServerError) {
    return damaged(url, `it said "${oneLine(redact(error.message, secret)).slice(0, 200)}"`);
  }
  return new Failure(`The repository "${url}" cannot be read: ${text}`, { kind: "transient", reason: "repo_invalid" });
}
