/** What a commit came after, as far as an object store holds its history. */
import fs from "node:fs";
import git from "isomorphic-git";
import { Failure } from "../failure.ts";

/** Throws a `Failure` when the history ends before the answer is known. */
export async function descendsFrom(
  gitdir: string,
  { id, ancestor }: { id: string; ancestor: string },
): Promise<boolean> {
  if (ancestor === id) return true;
  try {
    return await git.isDescendent({ fs, gitdir, oid: id, ancestor, depth: -1 });
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new Failure(`The history of revision ${id.slice(0, 7)} can not be read: ${message}`, {
      kind: "transient",
      reason: "repo_invalid",
    });
  }
}
