/**
 * The schema of `[repo] url`. The page shows this URL, and people leave passwords in URLs: a URL with credentials is
 * refused, and no message quotes userinfo, query, or anything that could be a part of them.
 */
import { isAbsolute, resolve } from "node:path";
import type { DiagnosticScope } from "../schema/diagnostic.ts";
import type { Schema } from "../schema/schema.ts";
import { quote } from "../schema/toml_value.ts";

const EXPECTED = 'a URL like "https://git.example.org/fleet.git", or the path of a local repository';

/** Arguments of ssh. None begins with "-", which ssh would read as an option. */
const SSH_USER = /^[A-Za-z0-9_][A-Za-z0-9_.-]*$/;
const SSH_HOST = /^(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_])?)$/;
const SSH_PATH = /^(?!-)[^\s?#\\]+$/;

/**
 * A URL of http, https, ssh or file, with the scheme in lower case; "git@host:path"; or a relative or absolute path. Never
 * with credentials; the user of ssh is not a credential.
 */
export const repositoryUrl: Schema<string> = {
  expected: EXPECTED,
  jsonSchema: { type: "string" },
  read(value, scope) {
    if (typeof value !== "string" || value === "") return scope.mismatch(value, EXPECTED);
    if (value.trim() !== value) return scope.error("begins or ends with a space", "take it out");
    const parts = split(value);
    if (parts === null) return local(value, scope);
    if (/^(git\+)?ssh(\+git)?$/.test(parts.scheme)) return ssh(parts, scope);
    if (!["http", "https", "file"].includes(parts.scheme)) {
      return scope.error(`has the scheme ${quote(parts.scheme)}, wanted ${EXPECTED}`);
    }
    if (parts.hasUserinfo) {
      return scope.error("holds credentials", "take them out of the URL, and put the token into token_file");
    }
    if (parts.hasQuery) {
      return scope.error(
        "has a query or a fragment, and no repository needs one",
        "take out ? or #, and what follows",
      );
    }
    if (parts.scheme === "file") return file(parts, scope);
    // The authority of "https://me:8/secret@host" ends at the slash: the rest of the password is its path.
    if (/[^/]@/.test(parts.path)) {
      return scope.error(
        "has an @ in its path, as if it held a password with a slash",
        "write %40 for an @ of the path",
      );
    }
    return http(parts, scope);
  },
};

/** Resolves a path relative to `base`, the directory of config.toml. Returns a URL unchanged. */
export function resolveRepository(url: string, base: string): string {
  return split(url) !== null || isAbsolute(url) || isShortSsh(url) ? url : resolve(base, url);
}

interface Parts {
  /** In lower case. */
  scheme: string;
  hasUserinfo: boolean;
  userinfo: string;
  /** With the port, without userinfo. */
  host: string;
  /** From the slash, without query and fragment. */
  path: string;
  hasQuery: boolean;
}

/** Splits a URL; null for any other text. A password may contain "@", so userinfo ends at the last one before the path. */
function split(value: string): Parts | null {
  const match = /^([a-z][a-z0-9+.-]*):\/\/([^/?#]*)([^?#]*)(.*)$/is.exec(value);
  if (match === null) return null;
  const [, scheme = "", authority = "", path = "", query = ""] = match;
  const at = authority.lastIndexOf("@");
  return {
    scheme: scheme.toLowerCase(),
    hasUserinfo: at >= 0,
    userinfo: at < 0 ? "" : authority.slice(0, at),
    host: authority.slice(at + 1),
    path,
    hasQuery: query !== "",
  };
}

function http({ scheme, host, path }: Parts, scope: DiagnosticScope): string | undefined {
  const [, name, port] = /^(\[[^\]]*\]|[^:]*)(?::(.*))?$/s.exec(host) ?? [];
  if (name === "") return scope.error("names no host", `write ${scheme}://, the host, and the path of the repository`);
  // Not quoted: the beginning of a password that contains a slash is in the position of the port.
  if (port !== undefined && !isPort(port)) return scope.error("has a port that is no number from 1 to 65535");
  const url = `${scheme}://${host}${path}`;
  // The parser drops some characters, and reads a backslash as a slash: such URLs would change silently.
  if (/[\s\\\p{Cc}]/u.test(url) || !URL.canParse(url)) {
    return scope.error("is not a well-formed URL", 'write one like "https://git.example.org/fleet.git"');
  }
  return url;
}

function isPort(text: string): boolean {
  return /^\d{1,5}$/.test(text) && Number(text) >= 1 && Number(text) <= 65_535;
}

function file({ host, path }: Parts, scope: DiagnosticScope): string | undefined {
  const hint = 'write the path alone, like "/srv/fleet.git"';
  if ((host !== "" && host.toLowerCase() !== "localhost") || !path.startsWith("/")) {
    return scope.error("is a file URL without an absolute path", hint);
  }
  try {
    decodeURIComponent(path);
  } catch {
    return scope.error("is a file URL with a % that encodes nothing", hint);
  }
  return `file://${path}`;
}

/** A path. As in git, a colon before the first slash means ssh. An "@" is refused too: a password may precede it. */
function local(value: string, scope: DiagnosticScope): string | undefined {
  if (/^\.{0,2}\//.test(value) || !/[:@]/.test(value)) return value;
  if (isShortSsh(value)) return value;
  return scope.error(
    'is no URL, and a path with : or @ in it must begin with "/" or "./"',
    'write "https://" in front of a host; "git@host:path" for ssh; or "./" in front of a path',
  );
}

/** True for "git@host:path". A second ":" or "@" before the path could be a password. */
function isShortSsh(value: string): boolean {
  if (/^\.{0,2}\//.test(value)) return false;
  const [, user = "", host = "", path = ""] = /^([^@:/]*)@(\[[^\]]*\]|[^@:/]*):(.*)$/s.exec(value) ?? [];
  return SSH_USER.test(user) && SSH_HOST.test(host) && SSH_PATH.test(path) && !/[@:]/.test(path);
}

/** "ssh://git@host:22/path". Messages quote nothing: each part could contain a password. */
function ssh({ userinfo, hasUserinfo, host, path, hasQuery }: Parts, scope: DiagnosticScope): string | undefined {
  const hint = 'write it like "ssh://git@git.example.org/fleet.git", and put the key into ssh_key_file';
  const [, name = "", port] = /^(\[[^\]]*\]|[^:]*)(?::(.*))?$/s.exec(host) ?? [];
  if (userinfo.includes(":")) return scope.error("holds a password, and ssh takes a key", hint);
  if (hasUserinfo && !SSH_USER.test(userinfo)) return scope.error("has a user that no ssh server has", hint);
  if (!SSH_HOST.test(name)) return scope.error("names no host that ssh can reach", hint);
  if (port !== undefined && !isPort(port)) return scope.error("has a port that is no number from 1 to 65535");
  if (hasQuery || !SSH_PATH.test(path) || /[@:]/.test(path)) return scope.error("names no path of a repository", hint);
  return `ssh://${hasUserinfo ? `${userinfo}@` : ""}${host}${path}`;
}
