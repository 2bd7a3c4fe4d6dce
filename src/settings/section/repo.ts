/** `[repo]`: where the repository is, and who asks for it. */
import { duration } from "../../schema/quantity.ts";
import { type Schema, text } from "../../schema/schema.ts";
import type { DiagnosticScope, Table } from "../../schema/diagnostic.ts";
import { parseRef } from "../../model/repository/ref.ts";
import { repositoryUrl, resolveRepository } from "../repository_url.ts";
import { readError, readNear, secret, secretOf } from "../secret_setting.ts";
import { type Section, type SectionContext, setting } from "../section.ts";
import type { Settings } from "../settings.ts";
import { TRUST_FIELDS } from "./repo_trust.ts";

const BRANCH = "main";

/** What git lets nobody call a branch or a tag: https://git-scm.com/docs/git-check-ref-format */
const REF = /^(?![-/.])(?!.*(\.\.|\/\/|\/\.|@\{|[/.]$|\.lock$))[^\s~^:?*[\\\p{Cc}]+$/u;

const PROXY_WANTS = 'a URL like "http://proxy.example.org:3128", without a user';

/** Never quoted: people put passwords in such URLs. */
const proxyUrl: Schema<string> = {
  expected: PROXY_WANTS,
  jsonSchema: { type: "string" },
  read: (value, scope) =>
    typeof value === "string" && /^https?:\/\/[^\s@/?#]+\/?$/.test(value)
      ? value
      : scope.error(`is not ${PROXY_WANTS}`),
};

export const REPO: Section = {
  name: "repo",
  fields: [
    setting("url", repositoryUrl, undefined, "https://..., or the path of a local repository"),
    setting("branch", text({ pattern: REF, expected: "the name of a branch" }), BRANCH, "The branch to follow"),
    setting(
      "ref",
      text({ pattern: REF, expected: "a branch, a tag, or the 40 digits of a commit" }),
      null,
      'In place of branch: "refs/tags/v1.2", a name of either, or the id of a commit',
    ),
    setting(
      "path",
      text({ pattern: /^(?!\/)(?!.*(^|\/)\.\.(\/|$)).+$/, expected: "a folder inside the repository" }),
      ".",
      "The folder with services/ and deployments/",
    ),
    setting("interval", duration(100), 60_000, "How often to look"),
    setting("timeout", duration(1000), 60_000, "A look or a fetch that takes longer has failed"),
    setting("username", text(), "x-access-token", "Beside the token"),
    setting("token", secret, null, "Better: token_file"),
    setting("token_file", text(), null, "A file with the token"),
    setting("ca_file", text(), null, "Certificate authorities that count too, for this server alone"),
    setting("proxy", proxyUrl, null, "What leads to this server; default: HTTPS_PROXY of the environment"),
    setting("ssh_key_file", text(), null, "A deploy key without a passphrase, for ssh; default: the user's keys"),
    setting(
      "known_hosts_file",
      text(),
      null,
      "The host keys that count, for ssh; default: the user's and the system's",
    ),
    ...TRUST_FIELDS,
  ],
};

export async function repoOf(read: Table, { base, scopeOf }: SectionContext): Promise<Settings["repo"]> {
  const token = await secretOf(read, { name: "token", scopeOf, base });
  if (read.ref !== null && read.branch !== BRANCH) {
    scopeOf("ref").error("is set beside branch, and only one of the two can count", "take branch out");
  }
  const file = async (key: string) => await fileOf(read[key] as string | null, { base, scope: scopeOf(key) });
  return {
    // Where there is none, that was said; nobody sees these settings.
    url: resolveRepository(read.url as string ?? "", base),
    ref: read.ref === null ? { type: "branch", name: read.branch as string } : parseRef(read.ref as string),
    path: read.path as string,
    intervalMs: read.interval as number,
    timeoutMs: read.timeout as number,
    username: read.username as string,
    token,
    caFile: await file("ca_file"),
    proxy: read.proxy as string | null,
    sshKeyFile: await file("ssh_key_file"),
    knownHostsFile: await file("known_hosts_file"),
  };
}

/** Absolute. What cannot be read is said now, and not at the first look. */
async function fileOf(
  path: string | null,
  { base, scope }: { base: string; scope: DiagnosticScope },
): Promise<string | null> {
  if (path === null) return null;
  const { file, error } = await readNear(path, base);
  if (error !== null) scope.error(`names a file that can not be read: ${readError(error)}`);
  return file;
}
