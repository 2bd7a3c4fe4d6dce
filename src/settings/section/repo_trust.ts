/** Settings of `[repo]` for trust: which revisions may be used on this device. */
import { isAbsolute, relative, resolve } from "node:path";
import { fields, type InferComplete } from "../../schema/field_table.ts";
import { flag, oneOf, text } from "../../schema/schema.ts";
import { resolveRepository } from "../repository_url.ts";
import { readError } from "../secret_setting.ts";
import { type SectionContext, setting } from "../section.ts";
import type { Settings } from "../settings.ts";

export const TRUST_FIELDS = fields({
  verify: setting(oneOf("none", "head"), "none", "Whether the commit must be signed by somebody on the list"),
  allowed_signers: setting(text(), null, "The list, in git's own format, on the device"),
  require_fast_forward: setting(
    flag,
    false,
    "Whether a rewound branch waits for your word; true where nobody should ever rewrite it",
  ),
});

interface TrustValues extends InferComplete<typeof TRUST_FIELDS> {
  url: string | undefined;
}

/** Reports a list of signers that cannot be read. Its content is checked whenever a revision is verified. */
export async function trustOf(values: TrustValues, { base, scopeOf }: SectionContext): Promise<Settings["trust"]> {
  const { verify, require_fast_forward: requireFastForward } = values;
  const file = values.allowed_signers === null ? null : resolve(base, values.allowed_signers);
  if (verify === "none") return { verify, allowedSigners: file, requireFastForward };
  if (file === null) {
    scopeOf("verify").error(
      'is "head", and there is no allowed_signers to verify with',
      'write allowed_signers = "allowed_signers", and put a line like: ada@example.org ssh-ed25519 AAAA... into that file',
    );
    return { verify, allowedSigners: null, requireFastForward };
  }
  const scope = scopeOf("allowed_signers");
  if (isBelow(resolveRepository(values.url ?? "", base), file)) {
    scope.error("names a file in the repository itself, where whoever is to be checked could change it", "move it");
  }
  const failure = await Deno.readTextFile(file).then(() => null, readError);
  if (failure !== null) {
    scope.error(
      `names a file that cannot be read: ${failure}`,
      "write the path of the file, absolute or from the folder of config.toml",
    );
  }
  return { verify, allowedSigners: file, requireFastForward };
}

/** True for a file inside a local repository. */
function isBelow(repository: string, file: string): boolean {
  const path = repository.startsWith("file://") ? decodeURIComponent(repository.slice("file://".length)) : repository;
  if (!isAbsolute(path)) return false;
  const steps = relative(path, file);
  return steps !== "" && !steps.startsWith("..") && !isAbsolute(steps);
}
