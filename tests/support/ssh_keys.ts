/** Keys and signatures as `ssh-keygen` makes them, and commits that git signs with them. */
import { join } from "node:path";
import type { GitRepository } from "./git_repository.ts";

export interface SshKey {
  /** Of the private key; the public one has ".pub" after it. */
  file: string;
  /** "ssh-ed25519 AAAA...", without a comment. */
  line: string;
}

/** `bits` where the type has sizes. */
export async function makeKey(
  dir: string,
  name: string,
  { type = "ed25519", bits }: { type?: string; bits?: number } = {},
): Promise<SshKey> {
  const file = join(dir, name);
  const size = bits === undefined ? [] : ["-b", String(bits)];
  await run("ssh-keygen", ["-q", "-t", type, ...size, "-N", "", "-C", "", "-f", file]);
  return { file, line: (await Deno.readTextFile(`${file}.pub`)).trim() };
}

/** The armoured signature of a message. */
export async function signWith({ file }: SshKey, message: Uint8Array, { namespace = "git", options = [] }: {
  namespace?: string;
  options?: string[];
} = {}): Promise<string> {
  return await run("ssh-keygen", ["-q", "-Y", "sign", "-n", namespace, "-f", file, ...options], message);
}

/** Everything in the working tree, signed. Returns the commit id. */
export async function commitSigned(repository: GitRepository, { file }: SshKey, message: string): Promise<string> {
  await repository.git("add", "--all");
  const signing = ["-c", "gpg.format=ssh", "-c", `user.signingkey=${file}`];
  await repository.git(...signing, "commit", "--quiet", "--allow-empty", "--gpg-sign", "--message", message);
  return await repository.git("rev-parse", "HEAD");
}

/** A commit as git stores it. */
export async function rawCommit({ dir }: Pick<GitRepository, "dir">, id: string): Promise<Uint8Array> {
  const { stdout } = await new Deno.Command("git", { args: ["cat-file", "commit", id], cwd: dir }).output();
  return stdout;
}

async function run(program: string, args: string[], input?: Uint8Array): Promise<string> {
  const child = new Deno.Command(program, {
    args,
    stdin: input === undefined ? "null" : "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  if (input !== undefined) {
    const writer = child.stdin.getWriter();
    await writer.write(input);
    await writer.close();
  }
  const { code, stdout, stderr } = await child.output();
  if (code !== 0) throw new Error(`${program} ${args.join(" ")}: ${new TextDecoder().decode(stderr)}`);
  return new TextDecoder().decode(stdout);
}
