/**
 * Where fetched objects lie: one git directory that is always a whole one. The next is made beside it as `<dir>.new` and
 * swapped in when it was checked; between the two renames of a swap the last one is `<dir>.old`.
 */

/** What a whole directory holds. In a file of its own, since git's refs are written before the objects arrive. */
export interface Holding {
  id: string;
  /** Clean. */
  url: string;
  branch: string;
}

const RECORD = "harbornode.json";

export class FetchedDirectory {
  constructor(readonly path: string) {}

  /** Puts an interrupted swap right and removes what half-made tries left behind. */
  async recover(): Promise<void> {
    const old = `${this.path}.old`;
    if (!await exists(this.path) && await exists(old)) await Deno.rename(old, this.path);
    await removeAll(old);
    await removeAll(this.#next);
  }

  /** Null when there is nothing, or nothing that can be made sense of. */
  async holding(): Promise<Holding | null> {
    try {
      const value = JSON.parse(await Deno.readTextFile(`${this.path}/${RECORD}`));
      const { id, url, branch } = value ?? {};
      return [id, url, branch].every((part) => typeof part === "string") ? { id, url, branch } : null;
    } catch {
      return null;
    }
  }

  /** An empty folder beside the current one; what lay there is gone. */
  async prepareNext(): Promise<string> {
    await removeAll(this.#next);
    await Deno.mkdir(this.#next, { recursive: true });
    return this.#next;
  }

  /** Makes the folder of `prepareNext` the current one. The caller has checked that it is whole. */
  async swap(holding: Holding): Promise<void> {
    const old = `${this.path}.old`;
    await Deno.writeTextFile(`${this.#next}/${RECORD}`, `${JSON.stringify(holding)}\n`);
    await removeAll(old);
    if (await exists(this.path)) await Deno.rename(this.path, old);
    await Deno.rename(this.#next, this.path);
    await removeAll(old);
  }

  /** The same objects, known by another URL or branch. */
  async relabel(holding: Holding): Promise<void> {
    const file = `${this.path}/${RECORD}`;
    await Deno.writeTextFile(`${file}.new`, `${JSON.stringify(holding)}\n`);
    await Deno.rename(`${file}.new`, file);
  }

  async discardNext(): Promise<void> {
    await removeAll(this.#next);
  }

  get #next(): string {
    return `${this.path}.new`;
  }
}

async function exists(path: string): Promise<boolean> {
  return await Deno.lstat(path).then(() => true, () => false);
}

async function removeAll(path: string): Promise<void> {
  await Deno.remove(path, { recursive: true }).catch((error) => {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  });
}
