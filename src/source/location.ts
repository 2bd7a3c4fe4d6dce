/** What `[repo] url` says: where the repository is, and with which credentials when they stand in the URL itself. */
import { Failure } from "../failure.ts";
import { cleanUrl } from "./redact.ts";

export interface Credentials {
  username: string;
  token: string;
}

export type Location =
  /** `url` has no credentials, no query and no slash at its end. */
  | { type: "http"; url: string; credentials: Credentials | null }
  | { type: "local"; dir: string };

/** Throws a `Failure` of kind `mistake` for what this program does not speak. */
export function parseLocation(url: string): Location {
  if (url.startsWith("/")) return { type: "local", dir: url };
  const ssh = /^(?:ssh:\/\/)?(?:[^@/\s]+@)?([^:/\s]+)[:/](?:\d+\/)?(\S+)$/.exec(url);
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(url)?.[1]?.toLowerCase();
  if (scheme === "file") return { type: "local", dir: decodeURIComponent(new URL(url).pathname) };
  if (scheme === "http" || scheme === "https") return httpLocation(url);
  if (ssh !== null && (scheme === "ssh" || scheme === undefined && url.includes("@"))) {
    throw new Failure(`"${ssh[1]}" would be reached over ssh, which is not supported`, {
      kind: "mistake",
      reason: "repo_invalid",
      hint: `write "https://${ssh[1]}/${ssh[2]}" as [repo] url, with a token that can read it in token_file`,
    });
  }
  throw new Failure(`"${cleanUrl(url)}" is not the URL of a repository`, {
    kind: "mistake",
    reason: "repo_invalid",
    hint: "write an https:// URL, or the absolute path of a repository on this device",
  });
}

function httpLocation(url: string): Location {
  if (!URL.canParse(url)) {
    throw new Failure(`"${cleanUrl(url)}" is not a well-formed URL`, { kind: "mistake", reason: "repo_invalid" });
  }
  const { username, password } = new URL(url);
  // Forges take a token in either place: "https://token@host" and "https://user:token@host".
  const token = decodeURIComponent(password === "" ? username : password);
  const credentials = token === "" ? null : { username: decodeURIComponent(username), token };
  return { type: "http", url: cleanUrl(url), credentials };
}
