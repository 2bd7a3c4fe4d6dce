/** The source that the settings name. */
import type { Clock } from "../clock.ts";
import type { Settings } from "../settings/settings.ts";
import { runWorker } from "./git_worker/run_worker.ts";
import { type GitEndpoint, GitSource } from "./git_source.ts";
import { MAX_PACK_BYTES, MAX_SILENCE_MS } from "./fetch_limits.ts";
import { gitDirOf } from "./local/git_dir.ts";
import { localRef } from "./local/local_refs.ts";
import { parseLocation, type RepositoryLocation } from "./repository_location.ts";
import type { Ref } from "../model/git_ref.ts";
import { type Access, connector } from "./remote/connect.ts";
import { ReceiveBudget } from "./remote/receive_budget.ts";
import { remoteHead } from "./remote/remote_head.ts";
import type { RevisionVerifier, Source } from "./source.ts";

export interface SourceOptions {
  /** Where a fetched revision is kept; made when it is needed. Its neighbours `<gitDir>.new`, `.old` and `.history` are used too. */
  gitDir: string;
  clock: Clock;
  /** Of all that one fetch may receive; `MAX_PACK_BYTES` when absent. */
  budgetBytes?: number;
  /** What a fetch leaves free on the disk (`[limits] disk_reserve`); 0 when absent. */
  diskReserveBytes?: number;
  /** Absent: every revision is used. */
  admit?: RevisionVerifier;
}

/** Reaches for nothing yet. Throws a `Failure` of kind `mistake` for a URL that is not supported. */
export function createSource(settings: Settings["repo"], options: SourceOptions): Source {
  const { ref, timeoutMs } = settings;
  const path = settings.path.split("/").filter((part) => part !== "" && part !== ".").join("/");
  const location = parseLocation(settings.url);
  const base = { ref, path, timeoutMs, ...options };
  if (location.type === "local") {
    const url = location.dir;
    return new GitSource({ ...base, url, secret: null, place: localPlace(url, ref) });
  }
  const access = accessTo(location, settings);
  const secret = access.type === "http" ? access.credentials?.token ?? null : null;
  const silenceMs = Math.min(MAX_SILENCE_MS, timeoutMs);
  return new GitSource({
    ...base,
    url: access.url,
    secret,
    place: remotePlace(access, { ref, silenceMs, ...options }),
  });
}

function accessTo(location: Exclude<RepositoryLocation, { type: "local" }>, settings: Settings["repo"]): Access {
  const { username, token, caFile, proxy, sshKeyFile, knownHostsFile } = settings;
  const { url } = location;
  if (location.type === "ssh") return { type: "ssh", url, location, keyFile: sshKeyFile, knownHostsFile };
  const credentials = token === null ? location.credentials : { username, token };
  return { type: "http", url, credentials, caFile, proxy };
}

function remotePlace(access: Access, options: SourceOptions & { ref: Ref; silenceMs: number }): GitEndpoint {
  const { ref, silenceMs, clock, budgetBytes: bytes = MAX_PACK_BYTES } = options;
  return {
    head: (signal) => {
      const connect = connector(access, { silenceMs, budget: new ReceiveBudget(bytes), clock });
      return remoteHead(connect, { url: access.url, ref, signal });
    },
    origin: () => Promise.resolve({ type: "remote", access }),
  };
}

/** What was found of a tag that lies in a pack: only the git process can look into it. */
function localPlace(url: string, ref: Ref): GitEndpoint {
  const commitOf = new Map<string, string>();
  return {
    head: async (signal) => {
      signal.throwIfAborted();
      const gitdir = await gitDirOf(url);
      const { id, isCommit } = await localRef(gitdir, { url, ref });
      if (isCommit) return id;
      const known = commitOf.get(id) ?? await runWorker({ op: "peel", gitdir, id }, { signal });
      commitOf.set(id, known);
      return known;
    },
    origin: async (id) => ({ type: "local", url, gitdir: await gitDirOf(url), id }),
  };
}
