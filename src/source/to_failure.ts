/** Whatever else goes wrong with a repository, as a `Failure`. */
import { asFailure, diskFault, Failure } from "../failure.ts";
import { oneLine } from "../model/escape.ts";
import { damaged, diskFull, diskRefuses } from "./git_failure.ts";
import { redactCredentials } from "./redact_credentials.ts";
import { ServerError } from "./remote/pkt_line_reader.ts";

export function toFailure(error: unknown, { url, secret }: { url: string; secret: string | null }): Failure {
  if (error instanceof Failure) return error;
  // A library may quote what came over the wire.
  const text = oneLine(redactCredentials(asFailure(error).message, secret)).slice(0, 500);
  if (/EFBIG|File too large/.test(text)) return diskFull(url);
  const fault = diskFault(error);
  if (fault === "full" || fault === "quota") return diskFull(url);
  if (fault !== null) return diskRefuses(url, fault);
  if (error instanceof ServerError) {
    return damaged(url, `it said "${oneLine(redactCredentials(error.message, secret)).slice(0, 200)}"`);
  }
  return new Failure(`The repository "${url}" cannot be read: ${text}`, { kind: "transient", reason: "repo_invalid" });
}
