/** What went wrong with a git server, in a sentence and with the kind that tells the loop what to do. */
import { type DiskFault, diskWords, Failure, type FailureDetail } from "../failure.ts";
import { oneLine } from "../model/escape.ts";
import { redactCredentials } from "./redact_credentials.ts";
import { type Ref, shortId } from "../model/git_ref.ts";

export interface ServerFailure {
  /** Clean. */
  url: string;
  status: number;
  /** The Retry-After header as it came; null for none. */
  retryAfter: string | null;
  /** Whether the request carried credentials. */
  authorized: boolean;
  /** Milliseconds since 1970, for a Retry-After that is a date. */
  now: number;
}

const TOKEN_HINT = "put a token that can read this repository in the file that [repo] token_file names";

/** For an answer with a status that is not the one asked for. */
export function statusFailure({ url, status, retryAfter, authorized, now }: ServerFailure): Failure {
  const retryAfterMs = retryAfter === null ? undefined : parseRetryAfter(retryAfter, now);
  const later = retryAfterMs === undefined ? {} : { retryAfterMs };
  // Forges answer 403, not 429, when the limit of an address or a token is used up, and say when to come back.
  if (status === 429 || (status === 403 && retryAfterMs !== undefined)) {
    return new Failure(`The server of "${url}" asked to come back later (${status})`, {
      kind: "transient",
      reason: "rate_limited",
      ...later,
    });
  }
  if (status === 401 || status === 403) {
    const said = authorized ? "refused the credentials" : "asks for credentials";
    return new Failure(`The server of "${url}" ${said} (${status})`, {
      kind: "refused",
      reason: "auth_failed",
      hint: TOKEN_HINT,
    });
  }
  if (status === 404 || status === 410) {
    return new Failure(`There is no repository at "${url}" (${status})`, {
      kind: "mistake",
      reason: "repo_not_found",
      hint: authorized
        ? "check [repo] url, and that the token can read it: forges answer 404 for a private repository without access"
        : "check [repo] url; forges answer 404 for a private repository without access, so it may need a token",
    });
  }
  if (status >= 500 || status === 408) {
    return new Failure(`The server of "${url}" failed (${status})`, {
      kind: "transient",
      reason: "repo_unreachable",
      ...later,
    });
  }
  return damaged(url, `it answered with status ${status}`);
}

/** Seconds or a date, as RFC 9110 section 10.2.3 has it; undefined for anything else. */
export function parseRetryAfter(value: string, now: number): number | undefined {
  if (/^\d{1,9}$/.test(value.trim())) return Number(value) * 1000;
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}

/** For a request that never got an answer. `error` is what `fetch` threw. */
export function connectionFailure(url: string, error: unknown, secret: string | null): Failure {
  const cause = redactCredentials(connectionCause(error), secret);
  if (/certificate|tls|handshake|InvalidContentType|UnknownIssuer/i.test(cause)) {
    return new Failure(`Cannot talk to "${url}" securely: ${cause}`, {
      kind: "transient",
      reason: "repo_unreachable",
      hint: "check the clock of this device and that it trusts the server's certificate authority",
    });
  }
  return new Failure(`Cannot reach "${url}": ${cause}`, { kind: "transient", reason: "repo_unreachable" });
}

/** Deno says "error sending request for url (URL): client error (Connect): the cause", since 2.9 in the error's cause. */
function connectionCause(error: unknown): string {
  const inner = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const full = inner instanceof Error ? inner.message : String(inner);
  return full.replace(/^error sending request.*?\): /, "").replace(/^client error \(\w+\): /, "");
}

/** For bytes that are not what git sends; a transfer that broke off is one of them, so it is tried again. */
export function damaged(url: string, what: string, detail: Partial<FailureDetail> = {}): Failure {
  return new Failure(`What "${url}" sent cannot be used: ${what}`, {
    kind: "transient",
    reason: "repo_invalid",
    ...detail,
  });
}

export function notGit(url: string, what: string): Failure {
  return damaged(url, what, { hint: "check [repo] url and the token: sign-in pages look like this" });
}

/** All limits that a revision exceeds, each a phrase that continues "The repository has ...". */
export function overLimits(url: string, phrases: readonly string[]): Failure {
  return new Failure(`The repository "${url}" has ${phrases.join(", and ")} below [repo] path`, {
    kind: "mistake",
    reason: "repo_invalid",
    hint:
      "remove them from the branch (large files can be downloaded by URL), or point [repo] path at a folder for devices",
  });
}

/** A few hundred kilobytes can unfold to gigabytes. */
export function unpackedTooLarge(url: string, bytes: number): Failure {
  return damaged(url, `unpacked, it needs more than ${Math.floor(bytes / 1024 / 1024)} MiB of memory`, {
    kind: "mistake",
    hint: "keep large files out of the repository: download them by URL",
  });
}

/** For all answers of one fetch together. */
export function tooLarge(url: string, bytes: number): Failure {
  return damaged(url, `it is larger than ${Math.floor(bytes / 1024 / 1024)} MiB`, {
    kind: "mistake",
    hint: "keep large files out of the repository: download them by URL",
  });
}

/** Of kind `waiting`: it is asked again with the next poll, since nothing but room is missing. */
export function diskFull(url: string): Failure {
  return new Failure(`The disk is full: the repository "${url}" does not fit`, {
    kind: "waiting",
    reason: "disk_full",
    hint: "free some space where data_dir is",
  });
}

/** For a disk that is read-only or broken. */
export function diskRefuses(url: string, fault: DiskFault): Failure {
  const { is, reason, hint } = diskWords(fault);
  return new Failure(`The disk of data_dir ${is}: a new revision of "${url}" cannot be written`, {
    kind: "waiting",
    reason,
    hint,
  });
}

/** A tag, or what is written as neither a branch nor a tag. */
export function refMissing(url: string, ref: Ref, defaultBranch: string | null): Failure {
  if (ref.type === "branch") return branchMissing(url, ref.name, defaultBranch);
  const what = ref.type === "tag" ? "tag" : "branch or tag";
  return new Failure(`The repository "${url}" has no ${what} "${ref.name}"`, {
    kind: "mistake",
    reason: "ref_not_found",
    hint: "push it, or name another as [repo] ref",
  });
}

/** For a commit that is not there, or that a server does not give; in its own words where it said some. */
export function commitMissing(url: string, id: string, message: string | null = null): Failure {
  const told = message === null ? "" : `: ${oneLine(redactCredentials(message)).slice(0, 200)}`;
  return new Failure(`The repository "${url}" does not give commit ${shortId(id)}${told}`, {
    kind: "mistake",
    reason: "ref_not_found",
    hint: "check [repo] ref; many servers give only commits that a branch or a tag leads to: push a tag for it",
  });
}

function branchMissing(url: string, branch: string, defaultBranch: string | null): Failure {
  return new Failure(`The repository "${url}" has no branch "${branch}"`, {
    kind: "mistake",
    reason: "branch_not_found",
    hint: defaultBranch === null || defaultBranch === branch
      ? "push that branch, or name another as [repo] branch"
      : `push that branch, or write branch = "${defaultBranch}", its default branch, in [repo]`,
  });
}

export function repositoryEmpty(url: string): Failure {
  return new Failure(`The repository "${url}" has no commit`, {
    kind: "mistake",
    reason: "repo_empty",
    hint: "push a first commit to it",
  });
}

export function sha256Unsupported(url: string): Failure {
  return new Failure(`The repository "${url}" names its objects by SHA-256, which is not supported`, {
    kind: "mistake",
    reason: "repo_invalid",
    hint: "make the repository with --object-format=sha1, which is git's default",
  });
}
