/**
 * What `[repo] url` may say. A URL is a place where people leave passwords, and this one is shown on the page: no message
 * here quotes userinfo, query, or anything that could be a piece of them, and what holds credentials is refused.
 */
import { isAbsolute, resolve } from "node:path";
import type { Grammar } from "../manifest/grammar.ts";
import { type Place, quote } from "../manifest/place.ts";

const WANTS = 'a URL like "https://git.example.org/fleet.git", or the path of a local repository';

/** http, https or file, with the scheme in lower case; or a path, relative or absolute. Never with credentials. */
export const repositoryUrl: Grammar<string> = {
  wants: WANTS,
  schema: { type: "string" },
  read(value, place) {
    if (typeof value !== "string" || value === "") return place.report(`is ${quote(value)}, wanted ${WANTS}`);
    if (value.trim() !== value) return place.report("begins or ends with a space", "take it out");
    const parts = split(value);
    if (parts === null) return local(value, place);
    if (/^(git\+)?ssh(\+git)?$/.test(parts.scheme)) return ssh(parts.host + parts.path, place);
    if (!["http", "https", "file"].includes(parts.scheme)) {
      return place.report(`has the scheme ${quote(parts.scheme)}, wanted ${WANTS}`);
    }
    if (parts.hasUserinfo) {
      return place.report("holds credentials", "take them out of the URL, and put the token into token_file");
    }
    if (parts.hasQuery) {
      return place.report(
        "has a query or a fragment, and no repository needs one",
        "take out ? or #, and what follows",
      );
    }
    if (parts.scheme === "file") return file(parts, place);
    // The authority of "https://me:8/secret@host" ends at the slash: the rest of the password is its path.
    if (/[^/]@/.test(parts.path)) {
      return place.report(
        "has an @ in its path, as if it held a password with a slash",
        "write %40 for an @ of the path",
      );
    }
    return http(parts, place);
  },
};

/** A path is taken from `base`, where config.toml lies; a URL comes back as it is. */
export function resolveRepository(url: string, base: string): string {
  return split(url) !== null || isAbsolute(url) ? url : resolve(base, url);
}

interface Parts {
  /** In lower case. */
  scheme: string;
  hasUserinfo: boolean;
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
    host: authority.slice(at + 1),
    path,
    hasQuery: query !== "",
  };
}

function http({ scheme, host, path }: Parts, place: Place): string | undefined {
  const [, name, port] = /^(\[[^\]]*\]|[^:]*)(?::(.*))?$/s.exec(host) ?? [];
  if (name === "") return place.report("names no host", `write ${scheme}://, the host, and the path of the repository`);
  // Not quoted: where a password holds a slash, its beginning stands where a port would.
  if (port !== undefined && !isPort(port)) return place.report("has a port that is no number from 1 to 65535");
  const url = `${scheme}://${host}${path}`;
  // The parser drops some characters and takes a backslash for a slash: what is read must be what was written.
  if (/[\s\\\p{Cc}]/u.test(url) || !URL.canParse(url)) {
    return place.report("is not a well-formed URL", 'write one like "https://git.example.org/fleet.git"');
  }
  return url;
}

function isPort(text: string): boolean {
  return /^\d{1,5}$/.test(text) && Number(text) >= 1 && Number(text) <= 65_535;
}

function file({ host, path }: Parts, place: Place): string | undefined {
  const hint = 'write the path alone, like "/srv/fleet.git"';
  if ((host !== "" && host.toLowerCase() !== "localhost") || !path.startsWith("/")) {
    return place.report("is a file URL without an absolute path", hint);
  }
  try {
    decodeURIComponent(path);
  } catch {
    return place.report("is a file URL with a % that encodes nothing", hint);
  }
  return `file://${path}`;
}

/** As git has it, a colon before the first slash is of SSH. An @ is not let through either: a password may precede it. */
function local(value: string, place: Place): string | undefined {
  if (/^\.{0,2}\//.test(value) || !/[:@]/.test(value)) return value;
  const [, host, path] = /@([\w.-]+):\/*([^@:?#]+)$/.exec(value) ?? [];
  if (host !== undefined) return ssh(`${host}/${path}`, place);
  return place.report(
    'is no URL, and a path with : or @ in it must begin with "/" or "./"',
    'write "https://" in front of a host, and no user; or "./" in front of a path',
  );
}

/** `target` is host and path; it is in the hint only when it can hold no piece of a password. */
function ssh(target: string, place: Place): undefined {
  const [, host, path] = /^([\w.-]+)(?::\d+)?\/([^@:?#\s]+)$/.exec(target) ?? [];
  return place.report(
    "is an SSH address, and only https and local paths can be used",
    host === undefined
      ? "write it as https://, without a user, and use a token"
      : `write "https://${host}/${path}" and use a token`,
  );
}
