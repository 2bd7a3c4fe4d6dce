/**
 * What is about to be done to instances, written before, and that it was done, after. A daemon that finds an intent
 * without its end knows that the one before it was cut off there; what came of it, the runtimes tell.
 *
 * One line an entry, one sync for all chains of a pass. Emptied when nothing is under way: an idle device writes nothing.
 */
import { dirname } from "node:path";
import { StateDisk } from "./state_writer.ts";

export interface Intent {
  workload: string;
  /** "stop web[0]", in their order. */
  actions: string[];
  message: string;
}

/** Of passes that wait for one write. */
const MAX_LINES = 1000;

export class Journal {
  readonly #path: string;
  readonly #disk: StateDisk;
  #file: Deno.FsFile | null = null;
  /** What is under way, by number: one for each workload at most. */
  readonly #open = new Map<number, Intent>();
  /** Lines that are not written yet. */
  #lines: string[] = [];
  #needsSync = false;
  /** Lines were lost, since the disk refused them: the next write is the whole file, made of what is under way. */
  #isBehind = false;
  #saving: Promise<void> = Promise.resolve();
  #last = 0;
  #size = 0;
  #closed = false;
  /** What an earlier daemon began and did not end. */
  readonly unfinished: readonly Intent[];

  private constructor(path: string, { disk, unfinished }: { disk: StateDisk; unfinished: Intent[] }) {
    this.#path = path;
    this.#disk = disk;
    this.unfinished = unfinished;
  }

  /** Only reads. A line that was torn by a power cut says nothing, and neither does what came after it. */
  static async read(path: string, disk = new StateDisk({ root: dirname(path) })): Promise<Journal> {
    const text = await Deno.readTextFile(path).catch(() => "");
    return new Journal(path, { disk, unfinished: unfinishedOf(text) });
  }

  /** What an earlier daemon left is known by now, and forgotten. Never rejects. */
  async clear(): Promise<void> {
    if (this.unfinished.length > 0) await this.#append([], { sync: false });
  }

  /** On disk when it resolves, unless the disk refuses. One number for each intent, for `end`. Never rejects. */
  async begin(intents: readonly Intent[]): Promise<number[]> {
    const numbers = intents.map(() => ++this.#last);
    for (const [index, intent] of intents.entries()) this.#open.set(numbers[index]!, intent);
    await this.#append(numbers.map((number) => beginLine(number, this.#open.get(number)!)), { sync: true });
    return numbers;
  }

  /** Not waited for by a disk: an end that is lost costs one look. Never rejects. */
  async end(number: number): Promise<void> {
    this.#open.delete(number);
    await this.#append([JSON.stringify({ end: number })], { sync: false });
  }

  /** Waits for what is being written. */
  async close(): Promise<void> {
    await this.#saving;
    this.#closed = true;
    this.#file?.close();
    this.#file = null;
  }

  #append(lines: string[], { sync }: { sync: boolean }): Promise<void> {
    if (this.#closed) return Promise.resolve();
    this.#lines.push(...lines);
    // Those of a disk that hangs would pile up.
    if (this.#lines.length > MAX_LINES) this.#isBehind = true;
    if (this.#isBehind) this.#lines = [];
    this.#needsSync ||= sync;
    this.#saving = this.#disk.save(this.#path, { write: () => this.#write() });
    return this.#saving;
  }

  async #write(): Promise<void> {
    if (this.#closed) return;
    const whole = this.#isBehind;
    const lines = whole ? [...this.#open].map(([number, intent]) => beginLine(number, intent)) : this.#lines;
    const sync = this.#needsSync;
    this.#lines = [];
    this.#isBehind = false;
    this.#needsSync = false;
    try {
      const file = this.#file ??= await Deno.open(this.#path, {
        write: true,
        create: true,
        truncate: true,
        mode: 0o600,
      });
      if (this.#open.size === 0 || whole) {
        await file.truncate(0);
        this.#size = 0;
      }
      if (this.#open.size > 0 && lines.length > 0) await this.#put(file, { lines, sync });
    } catch (error) {
      this.#isBehind = true;
      this.#lines = [];
      this.#needsSync ||= sync;
      // It may belong to a disk that is gone, and another one is there.
      this.#file?.close();
      this.#file = null;
      throw error;
    }
  }

  async #put(file: Deno.FsFile, { lines, sync }: { lines: string[]; sync: boolean }): Promise<void> {
    const bytes = new TextEncoder().encode(`${lines.join("\n")}\n`);
    await file.seek(this.#size, Deno.SeekMode.Start);
    for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
    this.#size += bytes.length;
    if (sync) await file.syncData();
  }
}

function beginLine(number: number, intent: Intent): string {
  return JSON.stringify({ begin: number, ...intent });
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
