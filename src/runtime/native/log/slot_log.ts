/**
 * One slot's log file with its archives as one long text. A position counts bytes from the first that was ever written,
 * so that it means the same before and after the file was cut: whoever reads at a position is not disturbed.
 *
 * All that changes what positions mean is synchronous. A read that was under way meanwhile is told, and begins again.
 */
import fs from "node:fs";
import { Failure } from "../../../failure.ts";
import { type Archive, archivePath, content, findArchives } from "./log_archive.ts";
import { appendIndex, type IndexEntry, readIndex, writeIndex } from "./log_index_file.ts";
import { TimeIndex } from "./time_index.ts";

export class SlotLog {
  readonly path: string;
  readonly #index: string;
  #archives: Archive[];
  marks: TimeIndex;
  /** Changes whenever a position in the file is at another offset than before. */
  generation = 0;
  #base: number;
  #end: number;
  #inode: number | null;
  #beginnings: number[];

  /** `path` need not exist. `index` is where what is known of it is kept. */
  constructor(path: string, index: string) {
    this.path = path;
    this.#index = index;
    const known = readIndex(index);
    const archives = findArchives(path, 0);
    const archived = archives.reduce((sum, archive) => sum + archive.to - archive.from, 0);
    this.#base = Math.max(known?.base ?? 0, archived);
    this.#archives = archives.map((archive) => ({
      ...archive,
      from: archive.from + this.#base,
      to: archive.to + this.#base,
    }));
    this.marks = new TimeIndex(known?.marks);
    this.#inode = known === null ? fileOf(path)?.inode ?? null : known.inode;
    this.#end = Math.max(this.#base, this.marks.last?.position ?? 0);
    // Without an index nobody knows whether the oldest byte begins a line: it is shown rather than left out.
    this.#beginnings = known?.beginnings ?? [this.start];
    this.#save();
    this.refresh();
  }

  /** Archives, newest first, as they are numbered. */
  get archives(): readonly Archive[] {
    return this.#archives;
  }

  /** Records a new archive; at most `max` are kept. Its file, and the numbers of the others, were changed before. */
  addArchive(archive: Archive, max: number): void {
    this.#archives = [archive, ...this.#archives].slice(0, max);
  }

  /** Records that the file of the newest archive was compressed. */
  markNewestCompressed(): void {
    this.#archives = this.#archives.map((archive, index) => index === 0 ? { ...archive, compressed: true } : archive);
  }

  /** Records that the files of all archives but the `max` newest were removed. */
  dropArchives(max: number): void {
    this.#archives = this.#archives.slice(0, max);
  }

  /** Of the first byte that is kept. */
  get start(): number {
    return this.archives.at(-1)?.from ?? this.#base;
  }

  /** Of the first byte in the file itself. */
  get base(): number {
    return this.#base;
  }

  get inode(): number | null {
    return this.#inode;
  }

  /** Whether a line is known to begin here. */
  isBeginning(position: number): boolean {
    return this.#beginnings.includes(position);
  }

  /**
   * Looks at the file: one stat(2). Returns the position of its end. A file that is another one, or shorter than it
   * was, was begun anew by the program: what was in it is gone.
   */
  refresh(): number {
    const file = fileOf(this.path);
    const another = this.#inode !== null && file?.inode !== this.#inode;
    if (another || this.#base + (file?.size ?? 0) < this.#end) this.#beginAnew();
    if (file === null) {
      this.#inode = null;
      return this.#end;
    }
    if (this.#inode !== file.inode) this.#know([{ type: "inode", inode: file.inode }]);
    this.#inode = file.inode;
    this.#end = this.#base + file.size;
    const mark = { position: this.#end, time: file.writtenAt };
    if (this.marks.wants(mark)) {
      if (this.marks.add(mark)) this.#save();
      else this.#know([{ type: "mark", ...mark }]);
    }
    return this.#end;
  }

  /** Bytes of the file at a position from `base` on; null when it was cut meanwhile: ask again. */
  async read(position: number, size: number): Promise<Uint8Array | null> {
    const { generation } = this;
    const offset = position - this.#base;
    using file = await Deno.open(this.path).catch(gone);
    if (file === null) return null;
    await file.seek(offset, Deno.SeekMode.Start);
    const bytes = new Uint8Array(size);
    let at = 0;
    while (at < size) {
      const read = await file.read(bytes.subarray(at));
      if (read === null) break;
      at += read;
    }
    return generation === this.generation ? bytes.subarray(0, at) : null;
  }

  /**
   * The archive that holds this position, from there on; null when none does. The file is opened at once, so that it is
   * the right one whatever it is called a moment later.
   */
  openArchive(position: number): { archive: Archive; bytes: AsyncGenerator<Uint8Array> } | null {
    const index = this.archives.findIndex((one) => one.from <= position && position < one.to);
    const archive = this.archives[index];
    if (archive === undefined) return null;
    try {
      const file = Deno.openSync(archivePath(this.path, index + 1, archive));
      return { archive, bytes: content(file, { compressed: archive.compressed, skip: position - archive.from }) };
    } catch {
      return null;
    }
  }

  /** Of the next byte that is kept, from `position` on. */
  keptFrom(position: number): number {
    const starts = this.archives.map((archive) => archive.from).filter((from) => from > position);
    return Math.min(...starts, this.#base);
  }

  /**
   * Calls `cut`, which takes bytes from the front of the file and says how many. How many it is about to take is written
   * down before: a daemon killed in between leaves times that are too early, never too late.
   */
  advance(cut: () => number, { expected }: { expected: number }): number {
    this.#know([{ type: "base", base: this.#base + expected }]);
    const bytes = cut();
    if (bytes !== expected) this.#know([{ type: "base", base: this.#base + bytes }]);
    if (bytes === 0) return 0;
    this.generation++;
    this.#base += bytes;
    this.#end = Math.max(this.#end, this.#base);
    return bytes;
  }

  /** Called after archives have gone, or a cut without one: forgets what was known of the text that went with them. */
  forget(): void {
    this.marks.forgetBefore(this.start);
    this.#beginnings = this.#beginnings.filter((position) => position >= this.start);
    this.#save();
  }

  begins(position: number): void {
    this.#beginnings.push(position);
    this.#know([{ type: "begin", position }]);
  }

  #beginAnew(): void {
    this.generation++;
    this.#base = this.#end;
    this.#know([{ type: "base", base: this.#base }]);
    this.begins(this.#base);
  }

  #know(entries: IndexEntry[]): void {
    appendIndex(this.#index, entries);
  }

  #save(): void {
    const marks = [...this.marks.all];
    writeIndex(this.#index, { inode: this.#inode, base: this.#base, beginnings: this.#beginnings, marks });
  }
}

function gone(error: unknown): null {
  if (error instanceof Deno.errors.NotFound) return null;
  throw new Failure(`the log cannot be read: ${error instanceof Error ? error.message : error}`, {
    kind: "refused",
    reason: "permission_denied",
    cause: error,
  });
}

interface FoundFile {
  inode: number;
  size: number;
  writtenAt: number;
}

function fileOf(path: string): FoundFile | null {
  const info = fs.statSync(path, { throwIfNoEntry: false });
  return info === undefined ? null : { inode: info.ino, size: info.size, writtenAt: info.mtimeMs };
}
