/** Where a repository on this device keeps its objects and refs: https://git-scm.com/docs/gitrepository-layout */
import { join, resolve } from "node:path";
import { Failure } from "../../failure.ts";
import { sha256Unsupported } from "../git_failure.ts";

/** Of a bare repository, a working tree, or a linked worktree. Throws a `Failure` for one that cannot be read. */
export async function gitDirOf(dir: string): Promise<string> {
  const gitdir = await findGitDir(dir);
  if (gitdir === null) {
    throw new Failure(`There is no git repository at "${dir}"`, {
      kind: "mistake",
      reason: "repo_not_found",
      hint: 'check [repo] url; "git init" makes a repository',
    });
  }
  await refuseUnreadable(gitdir, dir);
  return gitdir;
}

async function findGitDir(dir: string): Promise<string | null> {
  const dotGit = join(dir, ".git");
  const info = await Deno.stat(dotGit).catch(() => null);
  if (info?.isDirectory) return dotGit;
  if (info?.isFile) {
    const target = /^gitdir: (.*)/.exec(await Deno.readTextFile(dotGit))?.[1];
    if (target === undefined) return null;
    const linked = resolve(dir, target);
    // Branches and objects of a linked worktree lie in the repository that it was made from.
    const common = await Deno.readTextFile(join(linked, "commondir")).catch(() => null);
    return common === null ? linked : resolve(linked, common.trim());
  }
  const bare = await Deno.stat(join(dir, "objects")).catch(() => null);
  return bare?.isDirectory ? dir : null;
}

/** Forms of repository that would otherwise look empty or damaged. */
async function refuseUnreadable(gitdir: string, url: string): Promise<void> {
  const { objectformat = "sha1", refstorage = "files" } = await extensions(gitdir);
  if (objectformat !== "sha1") throw sha256Unsupported(url);
  const unsupported = refstorage !== "files"
    ? `keeps its branches as "${refstorage}"`
    : await Deno.stat(join(gitdir, "objects/info/alternates")).then(() => "borrows objects from another", () => null);
  if (unsupported === null) return;
  throw new Failure(`The repository "${url}" ${unsupported}, which is not supported`, {
    kind: "mistake",
    reason: "repo_invalid",
    hint: 'make an ordinary clone of it with "git clone --bare --no-local"',
  });
}

/** The section of git's settings that says how a repository is stored. */
async function extensions(gitdir: string): Promise<Record<string, string>> {
  const text = await Deno.readTextFile(join(gitdir, "config")).catch(() => "");
  const section = /^\[extensions\]([^[]*)/im.exec(text)?.[1] ?? "";
  const pairs = [...section.matchAll(/^\s*([a-z]+)\s*=\s*"?([^"\s#;]+)/gim)];
  return Object.fromEntries(pairs.map(([, key, value]) => [key!.toLowerCase(), value!.toLowerCase()]));
}
