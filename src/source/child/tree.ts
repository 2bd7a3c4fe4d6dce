/** [pure] The names in one folder of a commit: https://git-scm.com/book/en/v2/Git-Internals-Git-Objects#_tree_objects */

export interface TreeName {
  /** "100644", "100755", "120000", "160000", or "40000" for a folder. */
  mode: string;
  name: string;
  id: string;
}

/** Throws a `RangeError` for what is no folder. The names are whatever somebody wrote: see `isForbidden`. */
export function parseTree(data: Uint8Array): TreeName[] {
  const names: TreeName[] = [];
  const decoder = new TextDecoder();
  for (let at = 0; at < data.length;) {
    const end = data.indexOf(0, at);
    const [, mode, name] = /^([0-7]{5,6}) ([^]*)$/.exec(decoder.decode(data.subarray(at, end < 0 ? at : end))) ?? [];
    const id = data.subarray(end + 1, end + 21);
    if (mode === undefined || name === undefined || id.length !== 20) throw new RangeError("a folder of it is damaged");
    names.push({ mode, name, id: Array.from(id, (byte) => byte.toString(16).padStart(2, "0")).join("") });
    at = end + 21;
  }
  return names;
}

/** Names that lead out of a folder or into a repository's own; git's tools never make them. */
export function isForbidden(name: string): boolean {
  return ["", ".", ".."].includes(name) || /[/\0]/.test(name) || /^(\.git|git~1)$/i.test(name);
}
