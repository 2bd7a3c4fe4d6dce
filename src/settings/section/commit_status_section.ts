/** `[commit_status]`: reports the outcome of a revision on this device to the forge. */
import { type RepositoryAddress, repositoryAddress } from "../../model/repository_address.ts";
import { fields, type InferComplete } from "../../schema/field_table.ts";
import { oneOf, text } from "../../schema/schema.ts";
import { secret, secretOf } from "../secret_setting.ts";
import { type SectionContext, setting } from "../section.ts";
import type { CommitStatusSettings, Forge, Settings } from "../settings.ts";

/** `expected` quotes nothing: an address may hold a secret. */
const webAddress = text({
  pattern: /^https?:\/\/[^\s@/?#]+(\/[^\s?#]*)?$/,
  expected: "an http or https URL, without query",
});

export const COMMIT_STATUS = {
  name: "commit_status",
  fields: fields({
    forge: setting(
      oneOf("off", "auto", "github", "gitlab", "gitea", "forgejo", "bitbucket", "bitbucket-server"),
      "off",
      'Where to say what became of a revision; "auto" tells it by the host',
    ),
    api_url: setting(webAddress, null, 'Of the forge\'s API, like "https://git.example.org/sub/api/v1"'),
    token: setting(secret, null, "Better: token_file; default: the token of [repo]"),
    token_file: setting(text(), null, "A file with a token that may write commit statuses"),
    context: setting(text(), null, 'What it is called at the forge; default: "harbornode/" and the device'),
    target_url: setting(webAddress, null, "Where a click on it leads; default: nowhere"),
  }),
};

type Values = InferComplete<typeof COMMIT_STATUS.fields>;

interface CommitStatusContext extends SectionContext {
  repo: Settings["repo"];
  device: string;
}

/** Null when commit statuses are off. */
export async function commitStatusOf(
  values: Values,
  { base, scopeOf, repo, device }: CommitStatusContext,
): Promise<CommitStatusSettings | null> {
  const own = await secretOf(values.token, { name: "token", file: values.token_file, scopeOf, base });
  if (values.forge === "off") return null;
  const address = repositoryAddress(repo.url);
  if (address === null) {
    scopeOf("forge").error("needs a repository at a forge, and [repo] url is none", 'write forge = "off"');
    return null;
  }
  const forge = values.forge === "auto" ? forgeOf(address) : values.forge;
  if (forge === null) {
    scopeOf("forge").error(
      `is "auto", and the host "${address.hostname}" does not tell which forge it is`,
      'write forge = "gitea", or which one it is',
    );
    return null;
  }
  const token = own ?? repo.token;
  if (token === null) {
    scopeOf("forge").error("needs a token that may write commit statuses", "write token_file below [commit_status]");
    return null;
  }
  return {
    forge,
    repositoryUrl: repo.url,
    apiUrl: values.api_url,
    token,
    context: values.context ?? `harbornode/${device}`,
    targetUrl: values.target_url,
  };
}

/** Derives the forge from the host name; null when it could be any. */
function forgeOf({ hostname, path }: RepositoryAddress): Forge | null {
  if (hostname === "codeberg.org") return "forgejo";
  if (path.startsWith("scm/")) return "bitbucket-server";
  const words: Forge[] = ["github", "gitlab", "gitea", "forgejo"];
  if (hostname === "bitbucket.org") return "bitbucket";
  return words.find((word) => hostname.split(".").includes(word)) ?? null;
}
