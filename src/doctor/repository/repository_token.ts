import type { Settings } from "../../settings/settings.ts";
import type { Check } from "../check.ts";
import { type Finding, ok, problem, warning } from "../finding.ts";
import { httpClient } from "./ca_bundle.ts";
import { forgeOf, scopesAnswer, scopesRequest, type TokenForge } from "./token_scopes.ts";

export interface TokenFacts {
  /** Null where the repository is not asked over http(s). */
  host: string | null;
  hasToken: boolean;
  isPlain: boolean;
  forge: TokenForge | null;
  /** Whether the server would take a push; null where it did not tell. */
  mayPush: boolean | null;
  /** As the forge's API tells them; null where it does not. */
  scopes: string[] | null;
  expiresAt: number | null;
  now: number;
}

/** Reading is all that a device needs: what may write, in the hands of who takes the device, writes for all of them. */
export const token: Check<TokenFacts, "settings"> = {
  group: "repository",
  name: "token",
  needs: ["settings"],
  async gather({ settings, env, clock }, signal) {
    const { repo } = settings;
    const isHttp = /^https?:/.test(repo.url);
    const facts: TokenFacts = {
      host: isHttp ? new URL(repo.url).host : null,
      hasToken: repo.token !== null,
      isPlain: isHttp && isBare(repo.url),
      forge: isHttp ? forgeOf(settings) : null,
      mayPush: null,
      scopes: null,
      expiresAt: null,
      now: clock.now(),
    };
    if (!isHttp || repo.token === null) return facts;
    using client = await httpClient(repo, env);
    const [mayPush, told] = await Promise.all([
      wouldTakePush(repo, { client, signal }),
      facts.forge === null ? null : askForge(settings, { forge: facts.forge, client, signal }),
    ]);
    return { ...facts, mayPush, scopes: told?.scopes ?? null, expiresAt: told?.expiresAt ?? null };
  },
  evaluate(facts) {
    const { host, hasToken, isPlain, mayPush, scopes } = facts;
    if (host === null) return [ok("not used")];
    if (!hasToken) return [ok("none")];
    const found: Finding[] = [...judgeExpiry(facts), ...judgeScopes(facts)];
    if (isPlain) found.push(warning(`it is sent to "${host}" in plain text`, "write https:// as [repo] url"));
    if (found.length > 0) return found;
    if (mayPush === null) return [ok("the server does not tell what it may do")];
    return [ok(`may not push${scopes === null ? "" : ` (${scopes.join(", ")})`}`)];
  },
};

const DAY_MS = 24 * 3_600_000;

function judgeExpiry({ expiresAt, now }: TokenFacts): Finding[] {
  if (expiresAt === null) return [];
  const days = Math.floor((expiresAt - now) / DAY_MS);
  const hint = "make a new one at the forge, and write it to the file that token_file in [repo] names";
  if (expiresAt <= now) return [problem("it has expired", hint)];
  return days < 14 ? [warning(`it expires in ${days === 1 ? "1 day" : `${days} days`}`, hint)] : [];
}

/** What reaches beyond reading, by forge: https://docs.github.com/apps/oauth-apps/building-oauth-apps/scopes-for-oauth-apps,
 * https://docs.gitlab.com/user/profile/personal_access_tokens/#personal-access-token-scopes */
const BROAD: Record<TokenForge, RegExp> = {
  github: /^(repo|public_repo|workflow|delete_repo|(admin|write|delete|manage)[:_].*|user|gist)$/,
  gitlab: /^(api|write_repository|write_registry|sudo|admin_mode|create_runner|manage_runner|k8s_proxy)$/,
};

const NARROW: Record<TokenForge, string> = {
  github: "make a fine-grained token for this repository alone, with Contents: Read-only",
  gitlab: "make a project access token or a deploy token with read_repository alone",
};

function judgeScopes({ forge, scopes, mayPush }: TokenFacts): Finding[] {
  const narrow = forge === null ? "make a token that may only read this repository" : NARROW[forge];
  const broad = forge === null ? [] : (scopes ?? []).filter((scope) => BROAD[forge].test(scope));
  if (broad.length > 0) return [warning(`it may do more than read: ${broad.join(", ")}`, narrow)];
  return mayPush === true ? [warning("it may push to the repository, and reading is enough", narrow)] : [];
}

interface Asking {
  client: Deno.HttpClient;
  signal: AbortSignal;
}

/**
 * The first, harmless half of a push: servers answer it to those who may push alone
 * (https://git-scm.com/docs/http-protocol#_smart_clients). Null where it is not told.
 */
async function wouldTakePush({ url, username, token }: Settings["repo"], asking: Asking): Promise<boolean | null> {
  const headers = { authorization: `Basic ${btoa(`${username}:${token}`)}`, "user-agent": "git/harbornode" };
  const answer = await ask(`${url}/info/refs?service=git-receive-pack`, { headers, ...asking });
  if (answer === null) return null;
  if ([401, 403, 404].includes(answer.status)) return false;
  const isGit = answer.headers.get("content-type") === "application/x-git-receive-pack-advertisement";
  return answer.status === 200 && isGit ? true : null;
}

async function askForge(settings: Settings, { forge, ...asking }: Asking & { forge: TokenForge }) {
  const { url, headers } = scopesRequest(settings, forge);
  const answer = await ask(url, { headers, ...asking });
  return answer === null ? null : scopesAnswer(forge, answer);
}

/**
 * Null for no answer: whether the server can be reached at all is another check's to say. Followed once, and never to
 * another server: GitLab has a repository's name with ".git" at its end.
 */
async function ask(
  url: string,
  { headers, ...asking }: Asking & { headers: Record<string, string> },
): Promise<{ status: number; headers: Headers; text: string } | null> {
  try {
    const init = { headers, redirect: "manual", ...asking } as const;
    let answer = await fetch(url, init);
    const to = answer.status === 301 || answer.status === 302 ? answer.headers.get("location") : null;
    if (to !== null && URL.canParse(to, url) && new URL(to, url).origin === new URL(url).origin) {
      await answer.body?.cancel();
      answer = await fetch(new URL(to, url), init);
    }
    return { status: answer.status, headers: answer.headers, text: await answer.text() };
  } catch (error) {
    asking.signal.throwIfAborted();
    if (error instanceof TypeError) return null;
    throw error;
  }
}

/** Without TLS, and not on this device. */
function isBare(url: string): boolean {
  const { protocol, hostname } = new URL(url);
  return protocol === "http:" && !/^(localhost|127\.[\d.]+|\[::1\])$/.test(hostname);
}
