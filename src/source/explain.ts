/** Whatever else goes wrong with a repository, as a `Failure`. */
import { asFailure, Failure } from "../failure.ts";
import { damaged, diskFull } from "./git_failure.ts";
import { redact } from "./redact.ts";
import { ServerError } from "./remote/packets.ts";

export function explain(error: unknown, { url, secret }: { url: string; secret: string | null }): Failure {
  if (error instanceof Failure) return error;
  const text = redact(asFailure(error).message, secret);
  if (/ENOSPC|No space left|EFBIG|File too large|EDQUOT|[Qq]uota exceeded/.test(text)) return diskFull(url);
  if (error instanceof ServerError) {
    return damaged(url, `it said "${redact(error.message, secret).replace(/\p{Cc}/gu, " ").slice(0, 200)}"`);
  }
  return new Failure(`The repository "${url}" cannot be read: ${text}`, { kind: "transient", reason: "repo_invalid" });
}
