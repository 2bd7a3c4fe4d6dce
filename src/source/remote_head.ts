/** Which commit a branch is at, in one small request. */
import git from "isomorphic-git";
import { branchMissing, repositoryEmpty, sha256Unsupported } from "./git_failure.ts";
import type { GitHttp } from "./git_http.ts";
import type { Credentials } from "./location.ts";
import { lsRefsRequest, parseLsRefs, type RemoteRefs, serverError } from "./pkt_line.ts";

export interface RemoteBranch {
  url: string;
  branch: string;
  credentials: Credentials | null;
}

/** The commit id. Throws a `Failure` when the branch is not there. */
export async function remoteHead(http: GitHttp, remote: RemoteBranch): Promise<string> {
  const { branch, url } = remote;
  const ref = `refs/heads/${branch}`;
  const { ids, defaultBranch } = await list(http, remote, [ref, "HEAD"]);
  const id = ids.get(ref);
  if (id !== undefined) {
    if (id.length !== 40) throw sha256Unsupported(url);
    return id;
  }
  // A HEAD that points to no branch is not listed, so only this tells a repository without commits.
  if (ids.size === 0 && (await list(http, remote, ["refs/heads/"])).ids.size === 0) throw repositoryEmpty(url);
  throw branchMissing(url, branch, defaultBranch?.replace("refs/heads/", "") ?? null);
}

async function list(http: GitHttp, remote: RemoteBranch, prefixes: string[]): Promise<RemoteRefs> {
  return await listByVersion2(http, remote, prefixes) ?? await listByVersion1(http, remote);
}

/** Null when the server answered, but not in version 2. */
async function listByVersion2(http: GitHttp, remote: RemoteBranch, prefixes: string[]): Promise<RemoteRefs | null> {
  const { url, credentials } = remote;
  const { body } = await http.request({
    url: `${url}/git-upload-pack`,
    method: "POST",
    headers: {
      "content-type": "application/x-git-upload-pack-request",
      accept: "application/x-git-upload-pack-result",
      "git-protocol": "version=2",
      ...(credentials === null ? {} : { authorization: basic(credentials) }),
    },
    body: [lsRefsRequest(prefixes)],
  });
  const parts: BlobPart[] = [];
  for await (const chunk of body ?? []) parts.push(chunk as Uint8Array<ArrayBuffer>);
  const answer = new Uint8Array(await new Blob(parts).arrayBuffer());
  if (serverError(answer)?.includes("object format")) throw sha256Unsupported(url);
  return parseLsRefs(answer);
}

/** For servers that do not know version 2: they list every ref, whatever is asked. */
async function listByVersion1(http: GitHttp, { url, credentials }: RemoteBranch): Promise<RemoteRefs> {
  const listing = git.listServerRefs({ http, url, protocolVersion: 1, symrefs: true, ...authorizer(credentials) });
  // The library takes an answer that broke off for a repository without branches.
  const listed = await Promise.race([listing, http.failed]);
  const ids = new Map(listed.map(({ ref, oid }) => [ref, oid]));
  return { ids, defaultBranch: listed.find(({ ref }) => ref === "HEAD")?.target ?? null };
}

/** What isomorphic-git asks for when a server answers 401: given once, never tried again. */
export function authorizer(credentials: Credentials | null) {
  if (credentials === null) return {};
  return {
    onAuth: () => ({ username: credentials.username, password: credentials.token }),
    onAuthFailure: () => ({ cancel: true }),
  };
}

function basic({ username, token }: Credentials): string {
  const bytes = new TextEncoder().encode(`${username}:${token}`);
  return `Basic ${btoa(String.fromCharCode(...bytes))}`;
}
