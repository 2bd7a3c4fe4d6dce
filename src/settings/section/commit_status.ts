/** `[commit_status]`: whether the forge is told what became of a revision on this device. */
import { oneOf, text } from "../../schema/schema.ts";
import type { Table } from "../../schema/diagnostic.ts";
import { type RepositoryAddress, repositoryAddress } from "../../model/repository/address.ts";
import { secret, secretOf } from "../secret_setting.ts";
import { type Section, type SectionContext, setting } from "../section.ts";
import type { CommitStatusSettings, Forge, Settings } from "../settings.ts";

/** Quotes nothing: an address may hold a secret. */
const webAddress = text({
  pattern: /^https?:\/\/[^\s@/?#]+(\/[^\s?#]*)?$/,
  expected: "an http or https URL, without query",
});

export const COMMIT_STATUS: Section = {
  name: "commit_status",
  fields: [
    setting(
      "forge",
      oneOf("off", "auto", "github", "gitlab", "gitea", "forgejo", "bitbucket", "bitbucket-server"),
      "off",
      'Where to say what became of a revision; "auto" tells it by the host',
    ),
    setting("api_url", webAddress, null, 'Of the forge\'s API, like "https://git.example.org/sub/api/v1"'),
    setting("token", secret, null, "Better: token_file; default: the token of [repo]"),
    setting("token_file", text(), null, "A file with a token that may write commit statuses"),
    setting("context", text(), null, 'What it is called at the forge; default: "harbornode/" and the device'),
    setting("target_url", webAddress, null, "Where a click on it leads; default: nowhere"),
  ],
};

interface CommitStatusContext extends SectionContext {
  repo: Settings["repo"];
  device: string;
}

/** Null where the forge is not told. */
export async function commitStatusOf(
  read: Table,
  { base, scopeOf, repo, device }: CommitStatusContext,
): Promise<CommitStatusSettings | null> {
  const own = await secretOf(read, { name: "token", scopeOf, base });
  if (read.forge === "off") return null;
  const address = repositoryAddress(repo.url);
  if (address === null) {
    scopeOf("forge").error("needs a repository at a forge, and [repo] url is none", 'write forge = "off"');
    return null;
  }
  const forge = read.forge === "auto" ? forgeOf(address) : read.forge as Forge;
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
    apiUrl: read.api_url as string | null,
    token,
    context: read.context as string | null ?? `harbornode/${device}`,
    targetUrl: read.target_url as string | null,
  };
}

/** By the host's name; null when it could be any. */
function forgeOf({ hostname, path }: RepositoryAddress): Forge | null {
  if (hostname === "codeberg.org") return "forgejo";
  if (path.startsWith("scm/")) return "bitbucket-server";
  const words: Forge[] = ["github", "gitlab", "gitea", "forgejo"];
  if (hostname === "bitbucket.org") return "bitbucket";
  return words.find((word) => hostname.split(".").includes(word)) ?? null;
}
