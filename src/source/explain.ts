/** Whatever else goes wrong with a repository, as a `Failure`. */
import { asFailure, Failure } from "../failure.ts";
import { oneLine } from "../model/printable.ts";
import { damaged, diskFull } from "./git_failure.ts";
import { redact } from "./redact.ts";
import { ServerError } from "./remote/packets.ts";

export function explain(error: unknown, { url, secret }: { url: string; secret: string | null }): Failure {
  if (error instanceof Failure) return error;
  // A library may quote what came over the wire.
  const text = oneLine(redact(asFailure(error).message, secret)).slice(0, 500);
  if (/ENOSPC|No space left|EFBIG|File too large|EDQUOT|[Qq]uota exceeded/.test(text)) return diskFull(url);
  if (error instanceof ServerError) {
    return damaged(url, `it said "${oneLine(redact(error.message, secret)).slice(0, 200)}"`);
  }
  return new Failure(`The repository "${url}" cannot be read: ${text}`, { kind: "transient", reason: "repo_invalid" });
}
