/** A real repository with a working tree, made by git itself. */
import { dirname, join } from "node:path";
import { runGit } from "./git_environment.ts";

export class GitRepository {
  private constructor(readonly dir: string) {}

  /** Makes the folder, and in it an empty repository without a commit. */
  static async create(dir: string, options: { branch?: string; objectFormat?: string } = {}): Promise<GitRepository> {
    const { branch = "main", objectFormat = "sha1" } = options;
    await Deno.mkdir(dir, { recursive: true });
    await runGit(dir, ["init", "--quiet", `--initial-branch=${branch}`, `--object-format=${objectFormat}`]);
    return new GitRepository(dir);
  }

  /** In the working tree; nothing is committed before `commit`. */
  async write(path: string, content: string | Uint8Array, options: { executable?: boolean } = {}): Promise<void> {
    const file = join(this.dir, path);
    await Deno.mkdir(dirname(file), { recursive: true });
    await Deno.writeFile(file, typeof content === "string" ? new TextEncoder().encode(content) : content);
    await Deno.chmod(file, options.executable ? 0o755 : 0o644);
  }

  async symlink(path: string, target: string): Promise<void> {
    const file = join(this.dir, path);
    await Deno.mkdir(dirname(file), { recursive: true });
    await Deno.symlink(target, file);
  }

  async remove(path: string): Promise<void> {
    await Deno.remove(join(this.dir, path), { recursive: true });
  }

  /** Everything in the working tree, even when that is no change. Returns the commit id. */
  async commit(message: string): Promise<string> {
    await this.git("add", "--all");
    await this.git("commit", "--quiet", "--allow-empty", "--message", message);
    return this.git("rev-parse", "HEAD");
  }

  /** Replaces the branch by one commit without a parent, holding the working tree: history that shares nothing. */
  async rewrite(message: string): Promise<string> {
    const branch = await this.git("symbolic-ref", "--short", "HEAD");
    await this.git("checkout", "--quiet", "--orphan", "rewritten");
    const id = await this.commit(message);
    await this.git("branch", "--quiet", "--move", "--force", branch);
    return id;
  }

  git(...args: string[]): Promise<string> {
    return runGit(this.dir, args);
  }
}
