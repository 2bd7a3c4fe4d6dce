/** `[repo]`: the repository, and the credentials for it. */
import { parseRef } from "../../model/git_ref.ts";
import type { DiagnosticScope } from "../../schema/diagnostic.ts";
import { fields, type InferComplete } from "../../schema/field_table.ts";
import { duration } from "../../schema/quantity.ts";
import { type Schema, text } from "../../schema/schema.ts";
import { repositoryUrl, resolveRepository } from "../repository_url.ts";
import { readError, readNear, secret, secretOf } from "../secret_setting.ts";
import { type SectionContext, setting } from "../section.ts";
import type { Settings } from "../settings.ts";
import { TRUST_FIELDS } from "./repo_trust.ts";

const BRANCH = "main";

/** Excludes what git refuses as a name of a branch or tag: https://git-scm.com/docs/git-check-ref-format */
const REF = /^(?![-/.])(?!.*(\.\.|\/\/|\/\.|@\{|[/.]$|\.lock$))[^\s~^:?*[\\\p{Cc}]+$/u;

const PROXY_EXPECTED = 'a URL like "http://proxy.example.org:3128", without a user';

/** The URL of a proxy. It is never quoted: people put passwords in such URLs. */
const proxyUrl: Schema<string> = {
  expected: PROXY_EXPECTED,
  jsonSchema: { type: "string" },
  read: (value, scope) =>
    typeof value === "string" && /^https?:\/\/[^\s@/?#]+\/?$/.test(value)
      ? value
      : scope.error(`is not ${PROXY_EXPECTED}`),
};

export const REPO = {
  name: "repo",
  fields: fields({
    url: setting(repositoryUrl, undefined, "https://..., or the path of a local repository"),
    branch: setting(text({ pattern: REF, expected: "the name of a branch" }), BRANCH, "The branch to follow"),
    ref: setting(
      text({ pattern: REF, expected: "a branch, a tag, or the 40 digits of a commit" }),
      null,
      'In place of branch: "refs/tags/v1.2", a name of either, or the id of a commit',
    ),
    path: setting(
      text({ pattern: /^(?!\/)(?!.*(^|\/)\.\.(\/|$)).+$/, expected: "a folder inside the repository" }),
      ".",
      "The folder with services/ and deployments/",
    ),
    interval: setting(duration(100), 60_000, "How often to look"),
    timeout: setting(duration(1000), 60_000, "A look or a fetch that takes longer has failed"),
    username: setting(text(), "x-access-token", "Beside the token"),
    token: setting(secret, null, "Better: token_file"),
    token_file: setting(text(), null, "A file with the token"),
    ca_file: setting(text(), null, "Certificate authorities that count too, for this server alone"),
    proxy: setting(proxyUrl, null, "What leads to this server; default: HTTPS_PROXY of the environment"),
    ssh_key_file: setting(text(), null, "A deploy key without a passphrase, for ssh; default: the user's keys"),
    known_hosts_file: setting(text(), null, "The host keys that count, for ssh; default: the user's and the system's"),
    ...TRUST_FIELDS,
  }),
};

type Values = InferComplete<typeof REPO.fields>;

export async function repoOf(values: Values, { base, scopeOf }: SectionContext): Promise<Settings["repo"]> {
  const token = await secretOf(values.token, { name: "token", file: values.token_file, scopeOf, base });
  if (values.ref !== null && values.branch !== BRANCH) {
    scopeOf("ref").error("is set beside branch, and only one of the two can count", "take branch out");
  }
  const file = async (key: "ca_file" | "ssh_key_file" | "known_hosts_file") =>
    await fileOf(values[key], { base, scope: scopeOf(key) });
  return {
    // A missing URL was reported, so these settings are not used.
    url: resolveRepository(values.url ?? "", base),
    ref: values.ref === null ? { type: "branch", name: values.branch } : parseRef(values.ref),
    path: values.path,
    intervalMs: values.interval,
    timeoutMs: values.timeout,
    username: values.username,
    token,
    caFile: await file("ca_file"),
    proxy: values.proxy,
    sshKeyFile: await file("ssh_key_file"),
    knownHostsFile: await file("known_hosts_file"),
  };
}

/** Returns the absolute path. Reports a file that cannot be read now, rather than at the first sync. */
async function fileOf(
  path: string | null,
  { base, scope }: { base: string; scope: DiagnosticScope },
): Promise<string | null> {
  if (path === null) return null;
  const { file, error } = await readNear(path, base);
  if (error !== null) scope.error(`names a file that cannot be read: ${readError(error)}`);
  return file;
}
