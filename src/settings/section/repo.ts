/** `[repo]`: where the repository is, and who asks for it. */
import { duration } from "../../manifest/field/quantity.ts";
import { text } from "../../manifest/grammar.ts";
import type { Table } from "../../manifest/place.ts";
import { repositoryUrl, resolveRepository } from "../repository_url.ts";
import { secret, secretOf } from "../secret.ts";
import { type Section, type SectionContext, setting } from "../section.ts";
import type { Settings } from "../settings.ts";
import { TRUST_FIELDS } from "./repo_trust.ts";

export const REPO: Section = {
  name: "repo",
  fields: [
    setting("url", repositoryUrl, undefined, "https://..., or the path of a local repository"),
    setting(
      "branch",
      text({ pattern: /^[^\s~^:?*[\\]+$/, wants: "the name of a branch" }),
      "main",
      "The branch to follow",
    ),
    setting(
      "path",
      text({ pattern: /^(?!\/)(?!.*(^|\/)\.\.(\/|$)).+$/, wants: "a folder inside the repository" }),
      ".",
      "The folder with services/ and deployments/",
    ),
    setting("interval", duration(100), 60_000, "How often to look"),
    setting("timeout", duration(1000), 60_000, "A look or a fetch that takes longer has failed"),
    setting("username", text(), "x-access-token", "Beside the token"),
    setting("token", secret, null, "Better: token_file"),
    setting("token_file", text(), null, "A file with the token"),
    ...TRUST_FIELDS,
  ],
};

export async function repoOf(read: Table, { base, placeOf }: SectionContext): Promise<Settings["repo"]> {
  const token = await secretOf(read, { name: "token", placeOf, base });
  return {
    // Where there is none, that was said; nobody sees these settings.
    url: resolveRepository(read.url as string ?? "", base),
    branch: read.branch as string,
    path: read.path as string,
    intervalMs: read.interval as number,
    timeoutMs: read.timeout as number,
    username: read.username as string,
    token,
  };
}
