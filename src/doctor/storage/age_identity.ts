import { Failure } from "../../failure.ts";
import { readIdentity } from "../../secrets/device_identity.ts";
import { identityFile } from "../../store/data_dir.ts";
import type { Check } from "../check.ts";
import { ok, problem, skipped, warning } from "../finding.ts";

export interface IdentityFacts {
  file: string;
  /** Whether the owner named it; else the daemon makes it. */
  isNamed: boolean;
  isThere: boolean;
  isRoot: boolean;
  isDenied: boolean;
  mode: number;
  /** Null where it could not be read. */
  recipient: string | null;
  /** Null where it could. */
  failure: { message: string; hint: string | null } | null;
}

/** What secrets for this device are encrypted to. Nothing of the file's content leaves this check but its recipient. */
export const identity: Check<IdentityFacts, "settings"> = {
  group: "storage",
  name: "identity",
  needs: ["settings"],
  async gather({ settings: { secrets, dataDir }, isRoot }) {
    const file = secrets.identityFile ?? identityFile(dataDir);
    const info = await Deno.stat(file).catch((error: unknown) => error);
    const facts = {
      file,
      isNamed: secrets.identityFile !== null,
      isThere: !(info instanceof Deno.errors.NotFound),
      isRoot,
      isDenied: await isDenied(file),
      mode: info instanceof Error ? 0 : ((info as Deno.FileInfo).mode ?? 0) & 0o777,
    };
    if (!facts.isThere || facts.isDenied) return { ...facts, recipient: null, failure: null };
    try {
      return { ...facts, recipient: (await readIdentity(file)).recipient, failure: null };
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      return { ...facts, recipient: null, failure: { message: error.message, hint: error.hint ?? null } };
    }
  },
  evaluate({ file, isNamed, isThere, isRoot, isDenied, mode, recipient, failure }) {
    if (!isThere && !isNamed) return [ok("none yet; the daemon makes one")];
    if (!isThere) {
      return [problem(`identity_file "${file}" is not there`, `put it there, or make one: age-keygen -o ${file}`)];
    }
    if (isDenied) {
      return isRoot
        ? [problem(`"${file}" cannot be read by root`, `see what it is: ls -l ${file}`)]
        : [skipped("only root may read it", "sudo harbornode doctor")];
    }
    if (failure !== null) return [problem(failure.message, failure.hint ?? "bring it back from a backup")];
    if ((mode & 0o077) !== 0) return [warning(`others may read "${file}"`, `sudo chmod 600 ${file}`)];
    return [ok(`recipient ${recipient?.slice(0, 12)}...${recipient?.slice(-4)}`)];
  },
};

async function isDenied(file: string): Promise<boolean> {
  try {
    (await Deno.open(file)).close();
    return false;
  } catch (error) {
    return error instanceof Deno.errors.PermissionDenied;
  }
}
