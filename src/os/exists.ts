/** Questions about a path that have a yes or a no for an answer. What cannot be looked at is not there. */

/** Returns whether something has this path. A symbolic link counts, wherever it leads. */
export async function exists(path: string): Promise<boolean> {
  return await Deno.lstat(path).then(() => true, () => false);
}

/** Returns whether the path leads to a file, through symbolic links too. */
export async function isFile(path: string): Promise<boolean> {
  return await Deno.stat(path).then((info) => info.isFile, () => false);
}
