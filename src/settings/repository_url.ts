/**
 * What `[repo] url` may say. A URL is a place where people leave passwords, and this one is shown on the page: no message
 * here quotes userinfo, query, or anything that could be a piece of them, and what holds credentials is refused.
 */
import { isAbsolute, resolve } from "node:path";
import type { Schema } from "../schema/schema.ts";
import { type DiagnosticScope, quote } from "../schema/diagnostic.ts";

const WANTS = 'a URL like "https://git.example.org/fleet.git", or the path of a local repository';

/** Of what ssh is told: none begins with "-", which it would take for an option. */
const SSH_USER = /^[A-Za-z0-9_][A-Za-z0-9_.-]*$/;
const SSH_HOST = /^(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_])?)$/;
const SSH_PATH = /^(?!-)[^\s?#\\]+$/;

/**
 * http, https, ssh or file, with the scheme in lower case; "git@host:path"; or a path, relative or absolute. Never with
 * credentials: the user of ssh is none.
 */
export const repositoryUrl: Schema<string> = {
  expected: WANTS,
  jsonSchema: { type: "string" },
  read(value, scope) {
    if (typeof value !== "string" || value === "") return scope.error(`is ${quote(value)}, wanted ${WANTS}`);
    if (value.trim() !== value) return scope.error("begins or ends with a space", "take it out");
    const parts = split(value);
    if (parts === null) return local(value, scope);
    if (/^(git\+)?ssh(\+git)?$/.test(parts.scheme)) return ssh(parts, scope);
    if (!["http", "https", "file"].includes(parts.scheme)) {
      return scope.error(`has the scheme ${quote(parts.scheme)}, wanted ${WANTS}`);
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

/** A path is taken from `base`, where config.toml lies; a URL comes back as it is. */
export function resolveRepository(url: string, base: string): string {
  return split(url) !== null || isAbsolute(url) || isShortSsh(url) ? url : resolve(base, url);
}

interface Parts {
  /** In lower case. */
  scheme: string;
  hasUserinfo: boolean;
  userinfo: string;
  /** With its port, without userinfo. */
  host: string;
  /** From the slash on; without query and fragment. */
  path: string;
  hasQuery: boolean;
}

/** Null for what is no URL. A password may hold an @ itself, so that userinfo ends at the last one before the path. */
function split(value: string): Parts | null {
  const match = /^([a-z][a-z0-9+.-]*):\/\/([^/?#]*)([^?#]*)(.*)$/is.exec(value);
  if (match === null) return null;
  const [, scheme, authority, path, query] = match as unknown as [string, string, string, string, string];
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
  // Not quoted: where a password holds a slash, its beginning stands where a port would.
  if (port !== undefined && !isPort(port)) return scope.error("has a port that is no number from 1 to 65535");
  const url = `${scheme}://${host}${path}`;
  // The parser drops some characters and takes a backslash for a slash: what is read must be what was written.
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

/** As git has it, a colon before the first slash is of SSH. An @ is not let through either: a password may precede it. */
function local(value: string, scope: DiagnosticScope): string | undefined {
  if (/^\.{0,2}\//.test(value) || !/[:@]/.test(value)) return value;
  if (isShortSsh(value)) return value;
  return scope.error(
    'is no URL, and a path with : or @ in it must begin with "/" or "./"',
    'write "https://" in front of a host; "git@host:path" for ssh; or "./" in front of a path',
  );
}

/** "git@host:path", as git has it for ssh. A second : or @ before the path could be a password. */
function isShortSsh(value: string): boolean {
  if (/^\.{0,2}\//.test(value)) return false;
  const [, user = "", host = "", path = ""] = /^([^@:/]*)@(\[[^\]]*\]|[^@:/]*):(.*)$/s.exec(value) ?? [];
  return SSH_USER.test(user) && SSH_HOST.test(host) && SSH_PATH.test(path) && !/[@:]/.test(path);
}

/** "ssh://git@host:22/path". Nothing is quoted: where a password stands, it is in one of these parts. */
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
