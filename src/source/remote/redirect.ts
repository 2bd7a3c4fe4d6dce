/** Where a redirect may lead: a repository that was renamed, never another host. */
import { Failure } from "../../failure.ts";
import { notGit } from "../git_failure.ts";
import { cleanUrl } from "../redact_credentials.ts";

export interface Redirect {
  /** Of the repository, for messages. */
  url: string;
  /** The request that was answered so. */
  asked: string;
  /** Header as it came; empty for none. */
  location: string;
  /** What the request had after the repository's own URL. */
  endpoint: string;
}

/** The repository's new URL. Throws a `Failure` when the redirect leaves the host or does not lead to a repository. */
export function redirectTarget({ url, asked, location, endpoint }: Redirect): string {
  const from = new URL(asked);
  if (location === "" || !URL.canParse(location, asked)) throw notGit(url, "it redirected to nowhere");
  const to = new URL(location, asked);
  if (!sameServer(from, to)) {
    throw new Failure(`The server of "${url}" redirects to another host, "${to.host}"`, {
      kind: "mistake",
      reason: "repo_not_found",
      hint: `write "${
        cleanUrl(to.href).replace(/\/info\/refs$/, "")
      }" as [repo] url if you trust that host with the token`,
    });
  }
  const target = to.origin + to.pathname + to.search;
  if (!target.endsWith(endpoint)) throw notGit(url, `it redirects to "${cleanUrl(to.href)}"`);
  return target.slice(0, -endpoint.length);
}

/** The same origin, or the move from http to https on the usual ports. */
function sameServer(from: URL, to: URL): boolean {
  if (from.origin === to.origin) return true;
  return from.hostname === to.hostname && from.protocol === "http:" && to.protocol === "https:" &&
    from.port === "" && to.port === "";
}
