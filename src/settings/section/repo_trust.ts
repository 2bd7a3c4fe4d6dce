/** What `[repo]` says of trust: which revisions may be used here. */
import { isAbsolute, relative, resolve } from "node:path";
import { flag, oneOf, text } from "../../schema/schema.ts";
import type { Table } from "../../schema/diagnostic.ts";
import { resolveRepository } from "../repository_url.ts";
import { readError } from "../secret_setting.ts";
import { type SectionContext, setting } from "../section.ts";
import type { Settings } from "../settings.ts";

export const TRUST_FIELDS = [
  setting("verify", oneOf("none", "head"), "none", "Whether the commit must be signed by somebody on the list"),
  setting("allowed_signers", text(), null, "The list, in git's own format, on the device"),
  setting(
    "require_fast_forward",
    flag,
    false,
    "Whether a rewound branch waits for your word; true where nobody should ever rewrite it",
  ),
];

/** That the list can be read is looked at here; what it says, whenever a revision is checked. */
export async function trustOf(read: Table, { base, scopeOf }: SectionContext): Promise<Settings["trust"]> {
  const verify = read.verify as Settings["trust"]["verify"];
  const file = typeof read.allowed_signers === "string" ? resolve(base, read.allowed_signers) : null;
  const requireFastForward = read.require_fast_forward as boolean;
  if (verify === "none") return { verify, allowedSigners: file, requireFastForward };
  if (file === null) {
    scopeOf("verify").error(
      'is "head", and there is no allowed_signers to verify with',
      'write allowed_signers = "allowed_signers", and put a line like: ada@example.org ssh-ed25519 AAAA... into that file',
    );
    return { verify, allowedSigners: null, requireFastForward };
  }
  const scope = scopeOf("allowed_signers");
  if (isBelow(resolveRepository(read.url as string ?? "", base), file)) {
    scope.error("names a file in the repository itself, where whoever is to be checked could change it", "move it");
  }
  const trouble = await Deno.readTextFile(file).then(() => null, readError);
  if (trouble !== null) {
    scope.error(
      `names a file that can not be read: ${trouble}`,
      "write the path of the file, absolute or from the folder of config.toml",
    );
  }
  return { verify, allowedSigners: file, requireFastForward };
}

function isBelow(repository: string, file: string): boolean {
  const path = repository.startsWith("file://") ? decodeURIComponent(repository.slice("file://".length)) : repository;
  if (!isAbsolute(path)) return false;
  const way = relative(path, file);
  return way !== "" && !way.startsWith("..") && !isAbsolute(way);
}
