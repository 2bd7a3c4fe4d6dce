/** [pure] Where a repository is, from its URL or as ssh writes it. */

export interface RepositoryAddress {
  /** "https", "http", "ssh" */
  scheme: string;
  /** Without a port. */
  hostname: string;
  /** With its port, as the URL has it. */
  host: string;
  /** "owner/name", or more names where groups have groups; without ".git". */
  path: string;
}

/** Null for a repository on this device. */
export function repositoryAddress(url: string): RepositoryAddress | null {
  const [, scheme, authority, path] = /^([a-z][a-z0-9+.-]*):\/\/([^/]+)\/(.*)$/i.exec(url) ??
    scpLike(url) ?? [];
  if (scheme === undefined || authority === undefined || path === undefined) return null;
  if (!/^(https?|ssh|git\+ssh|ssh\+git)$/i.test(scheme)) return null;
  const host = authority.slice(authority.lastIndexOf("@") + 1);
  return {
    scheme: /ssh/i.test(scheme) ? "ssh" : scheme.toLowerCase(),
    hostname: host.replace(/:\d+$/, "").toLowerCase(),
    host: host.toLowerCase(),
    path: path.replace(/[?#].*$/, "").replace(/\/+$/, "").replace(/\.git$/, "").replace(/^\/+/, ""),
  };
}

/** "git@host:owner/name", as git has it: a colon before the first slash. */
function scpLike(url: string): [string, string, string, string] | null {
  const [all, host, path] = /^([^/:@\s]+@[^/:\s]+|[^/:@\s]+\.[^/:@\s]+):(?!\/\/)(.+)$/.exec(url) ?? [];
  return all === undefined ? null : [all, "ssh", host!, path!];
}

/** Names of its path in lower case, as forges compare them, without those that only some of its URLs have. */
export function repositoryNames(path: string): string[] {
  return path.toLowerCase().split("/").filter((name) => name !== "" && name !== "_git");
}
