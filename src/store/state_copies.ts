/**
 * Copies of state files that the disk does not take, in the runtime directory, which is memory: what the next daemon of
 * this boot would not know otherwise. Nothing here throws, since there is no other place to go.
 */
import { dirname, join, relative } from "node:path";

/** The copy of a file that was removed. */
export const REMOVED = "removed\n";

export class StateCopies {
  readonly #root: string;
  readonly #folder: string | null;
  /** Paths that have one. */
  readonly #kept = new Set<string>();

  /** Of files below `root`, in `folder`; null for none. */
  constructor(root: string, directory: string | null) {
    this.#root = root;
    this.#folder = directory;
  }

  has(path: string): boolean {
    return this.#kept.has(path);
  }

  /** Where the copy of a file or of a folder lies; null for nowhere. */
  pathOf(path: string): string | null {
    return this.#folder === null ? null : join(this.#folder, relative(this.#root, path));
  }

  /** The text of the copy that an earlier daemon left, which from now on is ours; null for none. */
  async take(path: string): Promise<string | null> {
    const copy = this.pathOf(path);
    const text = copy === null ? null : await Deno.readTextFile(copy).catch(() => null);
    if (text !== null) this.#kept.add(path);
    return text;
  }

  /** Null for what has no text: nothing is kept. */
  async keep(path: string, text: string | null): Promise<void> {
    const copy = this.pathOf(path);
    if (copy === null || text === null) return;
    try {
      await Deno.mkdir(dirname(copy), { recursive: true, mode: 0o700 });
      await Deno.writeTextFile(`${copy}.tmp`, text, { mode: 0o600 });
      await Deno.rename(`${copy}.tmp`, copy);
      this.#kept.add(path);
    } catch {
      await Deno.remove(`${copy}.tmp`).catch(() => {});
    }
  }

  async drop(path: string): Promise<void> {
    const copy = this.#kept.delete(path) ? this.pathOf(path) : null;
    if (copy !== null) await Deno.remove(copy).catch(() => {});
  }

  /** Removes folders that are empty: rmdir(2) removes nothing else. */
  async close(): Promise<void> {
    for (const directory of ["state/workloads", "state", ""]) {
      if (this.#folder !== null) await Deno.remove(join(this.#folder, directory)).catch(() => {});
    }
  }
}
