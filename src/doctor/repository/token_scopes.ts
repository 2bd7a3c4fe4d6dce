/** [pure] What forges tell of a token to who holds it, in one GET that changes nothing. */
import { repositoryAddress } from "../../model/repository_address.ts";
import type { Settings } from "../../settings/settings.ts";

/** Those that tell. Gitea and Forgejo, and Bitbucket, have no such question. */
export type TokenForge = "github" | "gitlab";

export interface TokenScopes {
  /** Null where the kind of token has none. */
  scopes: string[] | null;
  /** Milliseconds since 1970; null for never, or not told. */
  expiresAt: number | null;
}

/** By what the owner says, else by the host. */
export function forgeOf({ repo, commitStatus }: Pick<Settings, "repo" | "commitStatus">): TokenForge | null {
  const known = commitStatus?.forge;
  if (known !== undefined) return known === "github" || known === "gitlab" ? known : null;
  const hostname = repositoryAddress(repo.url)?.hostname ?? "";
  return (["github", "gitlab"] as const).find((forge) => hostname.split(".").includes(forge)) ?? null;
}

export function scopesRequest(
  { repo, commitStatus }: Pick<Settings, "repo" | "commitStatus">,
  forge: TokenForge,
): { url: string; headers: Record<string, string> } {
  const { scheme, host, hostname } = repositoryAddress(repo.url)!;
  const token = repo.token ?? "";
  if (forge === "github") {
    const own = hostname === "github.com" ? "https://api.github.com" : `${scheme}://${host}/api/v3`;
    // Costs nothing of the limit that it tells: https://docs.github.com/rest/rate-limit/rate-limit
    return {
      url: `${commitStatus?.apiUrl ?? own}/rate_limit`,
      headers: {
        authorization: `Bearer ${token}`,
        accept: "application/vnd.github+json",
        "x-github-api-version": "2022-11-28",
        "user-agent": "harbornode",
      },
    };
  }
  // https://docs.gitlab.com/api/personal_access_tokens/#self-inform; deploy tokens are answered 401 there.
  const own = `${scheme}://${host}/api/v4`;
  return {
    url: `${commitStatus?.apiUrl ?? own}/personal_access_tokens/self`,
    headers: { "private-token": token, accept: "application/json" },
  };
}

/** Null where the answer tells nothing of the token. */
export function scopesAnswer(
  forge: TokenForge,
  { status, headers, text }: { status: number; headers: Headers; text: string },
): TokenScopes | null {
  if (status !== 200) return null;
  if (forge === "github") {
    // Classic tokens alone have scopes: https://docs.github.com/rest/authentication/authenticating-to-the-rest-api
    const scopes = headers.get("x-oauth-scopes");
    return {
      scopes: scopes === null ? null : scopes.split(",").map((scope) => scope.trim()).filter((scope) => scope !== ""),
      expiresAt: moment(headers.get("github-authentication-token-expiration")),
    };
  }
  try {
    const { scopes, expires_at } = JSON.parse(text) as { scopes?: unknown; expires_at?: unknown };
    const isList = Array.isArray(scopes) && scopes.every((scope) => typeof scope === "string");
    return { scopes: isList ? scopes : null, expiresAt: moment(typeof expires_at === "string" ? expires_at : null) };
  } catch {
    return null;
  }
}

/** "2026-12-01 00:00:00 UTC", "2026-12-01 02:00:00 +0200", "2026-12-01" */
function moment(text: string | null): number | null {
  const [, day, time = "00:00:00", zone = "UTC"] = /^(\d{4}-\d\d-\d\d)(?: (\d\d:\d\d:\d\d) (UTC|[+-]\d{4}))?$/
    .exec(text ?? "") ?? [];
  if (day === undefined) return null;
  const offset = zone === "UTC" ? "Z" : `${zone.slice(0, 3)}:${zone.slice(3)}`;
  const ms = Date.parse(`${day}T${time}${offset}`);
  return Number.isNaN(ms) ? null : ms;
}
