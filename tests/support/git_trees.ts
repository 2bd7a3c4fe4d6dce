/** Revisions that git's own tools would never make from a working tree: one content under many names, deep trees. */
import { join } from "node:path";
import type { GitRepository } from "./git_repository.ts";

/** A tree object: names to blobs or other trees, sorted as git sorts them. */
export async function treeOf(
  repository: GitRepository,
  entries: readonly { name: string; id: string; type: "blob" | "tree" }[],
): Promise<string> {
  const key = ({ name, type }: { name: string; type: string }) => type === "tree" ? `${name}/` : name;
  const sorted = entries.toSorted((a, b) => key(a) < key(b) ? -1 : 1);
  const lines = sorted.flatMap(({ name, id, type }) => [
    ...new TextEncoder().encode(`${type === "tree" ? "40000" : "100644"} ${name}\0`),
    ...id.match(/../g)!.map((byte) => Number.parseInt(byte, 16)),
  ]);
  const file = join(repository.dir, ".git", "made-tree");
  await Deno.writeFile(file, Uint8Array.from(lines));
  return await repository.git("hash-object", "--literally", "-w", "-t", "tree", file);
}

/** A blob of `bytes` zeros behind a "#", which TOML reads as a comment: a few kilobytes in a pack. */
export async function zeros(repository: GitRepository, bytes: number): Promise<string> {
  const file = join(repository.dir, ".git", "made-blob");
  await Deno.writeTextFile(file, "#");
  await Deno.truncate(file, bytes);
  return await repository.git("hash-object", "-w", file);
}

/** Adds the blob under every path to what is in the index, and commits. Nothing is written to the working tree. */
export async function commitPaths(
  repository: GitRepository,
  paths: Iterable<readonly [path: string, blob: string]>,
  message: string,
): Promise<string> {
  const info = join(repository.dir, ".git", "made-index");
  await Deno.writeTextFile(info, [...paths].map(([path, blob]) => `100644 blob ${blob}\t${path}\n`).join(""));
  const command = new Deno.Command("/bin/sh", {
    args: ["-c", 'git update-index --add --index-info <"$0"', info],
    cwd: repository.dir,
  });
  const { success, stderr } = await command.output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  await repository.git("commit", "--quiet", "--message", message);
  return await repository.git("rev-parse", "HEAD");
}

/** `count` paths for one blob: `name(1)`, `name(2)`... */
export function under(blob: string, count: number, name: (index: number) => string): [string, string][] {
  return Array.from({ length: count }, (_, index) => [name(index + 1), blob]);
}
