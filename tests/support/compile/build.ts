/** Which build this is: what `harbornode version` and the first line of SHA256SUMS say. */
import { join } from "node:path";

export interface Build {
  /** Semantic version, without a leading "v". */
  version: string;
  commit: string;
}

/** What goes into an executable. A change beside it, in the README or in a test, is none of the build. */
const INSIDE = ["src", "ui", "deno.json", "deno.lock", "tests/support/compile", "tests/support/compile.ts"];

const SEMANTIC_VERSION = /^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$/;

/**
 * Of the checkout in `root`. `version` takes the place of deno.json's, for tests of upgrades. Throws a sentence when the
 * version is none.
 */
export async function buildOf(root: string, { version }: { version: string | undefined }): Promise<Build> {
  const wanted = version ?? JSON.parse(await Deno.readTextFile(join(root, "deno.json"))).version;
  if (!SEMANTIC_VERSION.test(wanted)) {
    throw new Error(`the version is "${wanted}", wanted one like 1.2.3 or 1.2.3-rc.1`);
  }
  return { version: wanted, commit: await commitOf(root) };
}

async function commitOf(root: string): Promise<string> {
  const id = await git(root, ["rev-parse", "HEAD"]);
  // Not git's own short form, which is longer in a clone that holds more.
  if (id === null || !/^[0-9a-f]{40,}$/.test(id)) return "unknown";
  const changes = await git(root, ["status", "--porcelain", "--untracked-files=all", "--", ...INSIDE]);
  return `${id.slice(0, 7)}${changes === "" ? "" : "+changes"}`;
}

/** Null where git cannot say it. */
async function git(cwd: string, args: string[]): Promise<string | null> {
  const command = new Deno.Command("git", { args, cwd, stdin: "null", stderr: "null" });
  const output = await command.output().catch(() => null);
  return output?.success ? new TextDecoder().decode(output.stdout).trim() : null;
}
