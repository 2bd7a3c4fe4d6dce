/** Reads the lines of a log from a position on, through archives and file, while it grows and is cut. */
import type { Archive } from "./log_archive.ts";
import { LineSplitter } from "./log_lines.ts";
import type { SlotLog } from "./slot_log.ts";

const CHUNK = 256 * 1024;

export class LineReader implements AsyncDisposable {
  readonly #log: SlotLog;
  #position: number;
  #splitter: LineSplitter;
  #open: { archive: Archive; bytes: AsyncGenerator<Uint8Array> } | null = null;

  /** From `position`, which is that of a line; or the start of what is kept, whatever is there. */
  constructor(log: SlotLog, position: number) {
    this.#log = log;
    this.#position = position;
    this.#splitter = new LineSplitter({ torn: position === log.start && !log.isBeginning(position) });
  }

  /**
   * The lines of the next stretch, perhaps none; null at the end, which is `limit` or where the log ends now. Each line
   * comes once and none is left out, but for those that were removed before they were read: because archives are few
   * and the reader is slow, or because the program emptied its log.
   */
  async next(limit = Infinity): Promise<string[] | null> {
    const end = Math.min(this.#log.refresh(), limit);
    if (this.#open !== null) return await this.#nextOfArchive(this.#open);
    if (this.#position >= end) return null;
    if (this.#position < this.#log.base) return this.#enterArchive();
    const bytes = await this.#log.read(this.#position, Math.min(CHUNK, end - this.#position));
    if (bytes === null) return [];
    this.#position += bytes.length;
    return this.#splitter.push(bytes);
  }

  /** What came after the last line end; null when nothing did. */
  rest(): string | null {
    return this.#splitter.rest();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#open?.bytes.return(undefined);
    this.#open = null;
  }

  #enterArchive(): string[] {
    this.#open = this.#log.openArchive(this.#position);
    return this.#open === null ? this.#goOnAt(this.#log.keptFrom(this.#position)) : [];
  }

  async #nextOfArchive({ archive, bytes }: { archive: Archive; bytes: AsyncGenerator<Uint8Array> }): Promise<string[]> {
    const { value, done } = await bytes.next();
    if (!done) {
      this.#position += value.length;
      return this.#splitter.push(value);
    }
    this.#open = null;
    // Damaged: what could be read of it was.
    return this.#position < archive.to ? this.#goOnAt(archive.to) : [];
  }

  /** Past what is gone. The beginning of a line whose end is gone is given as it is; an end alone is left out. */
  #goOnAt(position: number): string[] {
    const rest = this.#splitter.rest();
    this.#position = position;
    this.#splitter = new LineSplitter({ torn: !this.#log.isBeginning(position) });
    return rest === null ? [] : [rest];
  }
}
