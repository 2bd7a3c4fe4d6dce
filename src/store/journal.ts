/**
 * What is about to be done to instances, written before, and that it was done, after. A daemon that finds an intent
 * without its end knows that the one before it was cut off there; what came of it, the runtimes tell.
 *
 * One line an entry, one sync for all chains of a pass. Emptied when nothing is under way: an idle device writes nothing.
 */
export interface Intent {
  workload: string;
  /** "stop web[0]", in their order. */
  actions: string[];
  message: string;
}

export class Journal {
  readonly #path: string;
  #file: Deno.FsFile | null = null;
  readonly #open = new Set<number>();
  #last = 0;
  #size = 0;
  #writing: Promise<void> = Promise.resolve();
  #closed = false;
  /** What an earlier daemon began and did not end. */
  readonly unfinished: readonly Intent[];

  private constructor(path: string, unfinished: Intent[]) {
    this.#path = path;
    this.unfinished = unfinished;
  }

  /** Only reads. A line that was torn by a power cut says nothing, and neither does what came after it. */
  static async read(path: string): Promise<Journal> {
    const text = await Deno.readTextFile(path).catch(() => "");
    return new Journal(path, unfinishedOf(text));
  }

  /** What an earlier daemon left is known by now, and forgotten. */
  async clear(): Promise<void> {
    if (this.unfinished.length > 0) await this.#append([], { sync: false });
  }

  /** On disk when it resolves. One number for each intent, for `end`. */
  async begin(intents: readonly Intent[]): Promise<number[]> {
    const numbers = intents.map(() => ++this.#last);
    for (const number of numbers) this.#open.add(number);
    const lines = intents.map((intent, index) => JSON.stringify({ begin: numbers[index], ...intent }));
    await this.#append(lines, { sync: true });
    return numbers;
  }

  /** Not waited for by a disk: an end that is lost costs one look. */
  async end(number: number): Promise<void> {
    this.#open.delete(number);
    await this.#append([JSON.stringify({ end: number })], { sync: false });
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#writing.catch(() => {});
    this.#file?.close();
    this.#file = null;
  }

  #append(lines: string[], { sync }: { sync: boolean }): Promise<void> {
    if (this.#closed) return Promise.resolve();
    const write = this.#writing.catch(() => {}).then(async () => {
      const file = this.#file ??= await Deno.open(this.#path, {
        write: true,
        create: true,
        truncate: true,
        mode: 0o600,
      });
      if (this.#open.size === 0) {
        await file.truncate(0);
        this.#size = 0;
        return;
      }
      const bytes = new TextEncoder().encode(`${lines.join("\n")}\n`);
      await file.seek(this.#size, Deno.SeekMode.Start);
      for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
      this.#size += bytes.length;
      if (sync) await file.syncData();
    });
    this.#writing = write;
    return write;
  }
}

function unfinishedOf(text: string): Intent[] {
  const open = new Map<number, Intent>();
  for (const line of text.split("\n")) {
    if (line === "") continue;
    try {
      const { begin, end, ...intent } = JSON.parse(line) as { begin?: number; end?: number } & Intent;
      if (begin !== undefined && typeof intent.workload === "string") open.set(begin, intent);
      if (end !== undefined) open.delete(end);
    } catch {
      break;
    }
  }
  return [...open.values()];
}
