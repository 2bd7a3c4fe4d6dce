/** A git repository from a folder, made with isomorphic-git: the demo needs no git program. */
import fs from "node:fs";
import { dirname, join } from "node:path";
import git from "isomorphic-git";

const AUTHOR = { name: "HarborNode demo", email: "demo@localhost" };

/** Copies the folder and commits it on branch main. */
export async function makeRepository(from: string, to: string): Promise<void> {
  const paths = await copy(from, to, "");
  await git.init({ fs, dir: to, defaultBranch: "main" });
  await git.add({ fs, dir: to, filepath: paths });
  // A person's own `git commit` needs a name, which a fresh machine may not have.
  await git.setConfig({ fs, dir: to, path: "user.name", value: AUTHOR.name });
  await git.setConfig({ fs, dir: to, path: "user.email", value: AUTHOR.email });
  await git.commit({ fs, dir: to, message: "Say hello\n", author: AUTHOR });
}

async function copy(from: string, to: string, below: string): Promise<string[]> {
  const paths: string[] = [];
  for await (const entry of Deno.readDir(join(from, below))) {
    const path = below === "" ? entry.name : `${below}/${entry.name}`;
    if (entry.isDirectory) paths.push(...await copy(from, to, path));
    else {
      await Deno.mkdir(dirname(join(to, path)), { recursive: true });
      await Deno.copyFile(join(from, path), join(to, path));
      paths.push(path);
    }
  }
  return paths;
}
