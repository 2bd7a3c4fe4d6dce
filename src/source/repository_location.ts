/** What `[repo] url` says: where the repository is, and with which credentials when they stand in the URL itself. */
import { Failure } from "../failure.ts";
import { cleanUrl } from "./redact_credentials.ts";

export interface Credentials {
  username: string;
  token: string;
}

/** How ssh is told of it. */
export interface SshLocation {
  type: "ssh";
  /** For messages, without the user. */
  url: string;
  host: string;
  port: number | null;
  user: string | null;
  /** As it is asked for there: relative to the user's home unless it begins with a slash. */
  path: string;
}

export type RepositoryLocation =
  /** `url` has no credentials, no query and no slash at its end. */
  | { type: "http"; url: string; credentials: Credentials | null }
  | SshLocation
  | { type: "local"; dir: string };

/** What ssh can take for a word of its own begins with "-". */
const HOST = /^(?:\[[0-9a-fA-F:.]+\]|[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?)$/;
const USER = /^[A-Za-z0-9_][A-Za-z0-9_.-]*$/;

/** Throws a `Failure` of kind `mistake` for what this program does not speak. */
export function parseLocation(url: string): RepositoryLocation {
  if (url.startsWith("/")) return { type: "local", dir: url };
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(url)?.[1]?.toLowerCase();
  if (scheme === "file") return { type: "local", dir: decodeURIComponent(new URL(url).pathname) };
  if (scheme === "http" || scheme === "https") return httpLocation(url);
  const ssh = sshLocation(url);
  if (ssh !== null) return ssh;
  throw new Failure(`"${cleanUrl(url)}" is not the URL of a repository`, {
    kind: "mistake",
    reason: "repo_invalid",
    hint: "write an https:// or ssh:// URL, or the absolute path of a repository on this device",
  });
}

/** "ssh://git@host:22/path" and "git@host:path"; null for anything else, a password in it included. */
export function sshLocation(url: string): SshLocation | null {
  const long = /^ssh:\/\/(?:([^@/:\s]+)@)?(\[[^\]\s]*\]|[^@/:\s]+)(?::(\d{1,5}))?(\/[^\s?#]+)$/i.exec(url);
  const short = /^()([^@/:\s]+)@(\[[^\]\s]*\]|[^@/:\s]+):([^\s?#]+)$/.exec(url);
  const [user = null, host, port, path] = long !== null
    ? [long[1], long[2]!, long[3], long[4]!]
    : short !== null
    ? [short[2], short[3]!, undefined, short[4]!]
    : [null, "", undefined, ""];
  const number = port === undefined ? null : Number(port);
  if (!HOST.test(host) || (user !== null && !USER.test(user)) || path.startsWith("-")) return null;
  if (number !== null && (number < 1 || number > 65_535)) return null;
  // As git has it: "/~ada/x" in a URL is "~ada/x" there.
  const asked = path.replace(/^\/~/, "~").replace(/(?<=.)\/+$/, "");
  const shown = `ssh://${host}${number === null ? "" : `:${number}`}/${asked.replace(/^\//, "")}`;
  return { type: "ssh", url: shown, host: host.replace(/^\[|\]$/g, ""), port: number, user, path: asked };
}

function httpLocation(url: string): RepositoryLocation {
  if (!URL.canParse(url)) {
    throw new Failure(`"${cleanUrl(url)}" is not a well-formed URL`, { kind: "mistake", reason: "repo_invalid" });
  }
  const { username, password } = new URL(url);
  // Forges take a token in either place: "https://token@host" and "https://user:token@host".
  const token = decodeURIComponent(password === "" ? username : password);
  const credentials = token === "" ? null : { username: decodeURIComponent(username), token };
  return { type: "http", url: cleanUrl(url), credentials };
}
