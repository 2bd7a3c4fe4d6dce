/** The source that the settings name. */
import type { Clock } from "../clock.ts";
import type { Settings } from "../settings/settings.ts";
import { GitSource } from "./git_source.ts";
import { LocalSource } from "./local_source.ts";
import { parseLocation } from "./location.ts";
import type { Admission, Source } from "./source.ts";

export interface SourceOptions {
  /** Where a fetched revision is kept; made when it is needed. Its neighbours `<gitDir>.new` and `.old` are used too. */
  gitDir: string;
  clock: Clock;
  /** Of all that one fetch may receive; `MAX_PACK_BYTES` when absent. */
  budgetBytes?: number;
  /** Absent: every revision is used. */
  admit?: Admission;
}

/** Reaches for nothing yet. Throws a `Failure` of kind `mistake` for a URL that is not supported. */
export function createSource(settings: Settings["repo"], options: SourceOptions): Source {
  const { branch, timeoutMs, username, token } = settings;
  const path = settings.path.split("/").filter((part) => part !== "" && part !== ".").join("/");
  const location = parseLocation(settings.url);
  const { admit } = options;
  if (location.type === "local") {
    return new LocalSource({ dir: location.dir, branch, path, ...(admit === undefined ? {} : { admit }) });
  }
  const credentials = token === null ? location.credentials : { username, token };
  return new GitSource({ url: location.url, branch, path, credentials, timeoutMs, ...options });
}
