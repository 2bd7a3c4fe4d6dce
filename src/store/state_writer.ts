/**
 * Writes the state. A disk that is full, read-only or gone costs history, never control: no write rejects. What could not
 * be written is kept, one entry for each path, and written as soon as the disk takes it. Meanwhile a copy lies in the
 * runtime directory, which is memory, so that the next daemon of this boot knows it too.
 *
 * While there is a copy it is at least as new as the file: it is written first and removed last.
 */
import { dirname, join } from "node:path";
import { diskFault } from "../failure.ts";
import { logger } from "../log.ts";
import { REMOVED, StateCopies } from "./state_copies.ts";
import { outOfInodes, type Unsaved, unsavedReason } from "./unsaved_reason.ts";
import { type Format, parseVersioned, readVersioned, versionedText, writeVersioned } from "./versioned_file.ts";

const log = logger("store");

/** Of a path, what has to be done to the disk. `copy` is the text that the runtime directory keeps; null for none. */
interface Save {
  write(): Promise<void>;
  copy(): string | null;
}

export interface StateDiskOptions {
  /** Everything that is written lies below it. */
  root: string;
  /** Where copies lie while the disk refuses; null for nowhere. */
  copies?: string | null;
  /** How soon a write that failed is tried again. */
  retryMs?: number;
  /** How long a write is waited for. */
  maxWaitMs?: number;
  now?: () => number;
}

/** A worn memory card stalls for half a minute; nobody waits so long for what is only history. */
const MAX_WAIT_MS = 10_000;
/** Nor does anybody for each of a hundred files, once one of them is late. */
const WAIT_WHILE_LATE_MS = 100;
const RETRY_MS = 30_000;
export class StateDisk {
  readonly #root: string;
  readonly #copies: StateCopies;
  readonly #retryMs: number;
  readonly #now: () => number;
  /** By path, the newest thing that is not on disk. */
  readonly #wanted = new Map<string, Save>();
  readonly #running = new Map<string, Promise<void>>();
  /** Paths whose write is under way for too long. */
  readonly #late = new Set<string>();
  readonly #maxWaitMs: number;
  #unsaved: Unsaved | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #closed = false;
  #changed: (unsaved: Unsaved | null) => void = () => {};

  constructor(
    { root, copies = null, retryMs = RETRY_MS, maxWaitMs = MAX_WAIT_MS, now = Date.now }: StateDiskOptions,
  ) {
    this.#maxWaitMs = maxWaitMs;
    this.#root = root;
    this.#copies = new StateCopies(root, copies);
    this.#retryMs = Math.min(retryMs, RETRY_MS);
    this.#now = now;
  }

  /** Null while everything is on disk. */
  get unsaved(): Unsaved | null {
    return this.#unsaved;
  }

  /** Calls `changed` when the disk begins to refuse, when its reason changes, and when everything is saved. */
  watch(changed: (unsaved: Unsaved | null) => void): void {
    this.#changed = changed;
    if (this.#unsaved !== null) changed(this.#unsaved);
  }

  /** Returns the value of a file, or of its copy; null when there is none that can be trusted. Never throws for a disk. */
  async read<T>(path: string, format: Format<T>): Promise<T | null> {
    const copy = await this.#copies.take(path);
    if (copy === REMOVED) {
      this.#want(path, removal(path));
      return null;
    }
    const value = copy === null ? null : parseVersioned(copy, format);
    // One that this build cannot read must not come back with another one.
    if (value === null) await this.#copies.drop(path);
    // Read in any case: a damaged or newer file is set aside before the copy takes its place.
    const found = await readVersioned(path, format);
    if (value === null) return found;
    this.#want(path, writing(path, format, () => value));
    return value;
  }

  /** Returns the names of the files in a folder below the root, those of copies included. */
  async names(directory: string): Promise<string[]> {
    const names = await Promise.all([directory, this.#copies.pathOf(directory)].map(async (path) => {
      if (path === null) return [];
      const entries = Array.fromAsync(Deno.readDir(path), (entry) => entry.name);
      return await entries.catch((error) => {
        if (error instanceof Deno.errors.NotFound) return [];
        if (diskFault(error) === null) throw error;
        this.report(error);
        return [];
      });
    }));
    return [...new Set(names.flat())];
  }

  /** Writes the file. Resolves when it is on disk, or when the disk refused; then it is tried again. Never rejects. */
  write<T>(path: string, format: Format<T>, value: () => T): Promise<void> {
    return this.save(path, writing(path, format, value));
  }

  /** Removes the file, and others with it. Never rejects. */
  remove(path: string, ...others: string[]): Promise<void> {
    return this.save(path, removal(path, ...others));
  }

  /** As `write`, for what has a shape of its own. Without `copy` the runtime directory keeps nothing of it. */
  save(path: string, { write, copy = () => null }: { write: Save["write"]; copy?: Save["copy"] }): Promise<void> {
    this.#wanted.set(path, { write, copy });
    return this.#run(path);
  }

  /** Something else than a write of this object was refused: said like one, until a write of `root` is good again. */
  report(error: unknown, again: () => Promise<void> = () => this.probe()): void {
    this.#want(this.#root, { write: again, copy: () => null });
    this.#refused(this.#root, error);
  }

  /** Tries everything again that is not on disk: one path first, the others once the disk takes that. Never rejects. */
  async retry(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    for (const path of [...this.#wanted.keys()]) {
      await this.#run(path);
      if (this.#wanted.has(path)) break;
    }
    this.#settle();
  }

  /** Tries once more, and no further. What is not saved by then lies in the runtime directory, where there is one. */
  async close(): Promise<void> {
    this.#changed = () => {};
    if (this.#wanted.size > 0) await this.retry();
    this.#closed = true;
    clearTimeout(this.#timer);
    await this.#copies.close();
  }

  #want(path: string, save: Save): void {
    this.#wanted.set(path, save);
    this.#again();
  }

  /** Waits for the newest write of the path, for a bounded time: a disk that hangs must not hold up control. */
  async #run(path: string): Promise<void> {
    let run = this.#running.get(path);
    if (run === undefined) {
      run = this.#attempts(path).catch((error) => this.#refused(path, error)).finally(() => {
        this.#running.delete(path);
        this.#late.delete(path);
      });
      this.#running.set(path, run);
    }
    const ms = this.#late.size > 0 ? WAIT_WHILE_LATE_MS : this.#maxWaitMs;
    const late = Promise.withResolvers<"late">();
    const timer = setTimeout(() => late.resolve("late"), ms);
    const how = await Promise.race([run, late.promise]);
    clearTimeout(timer);
    if (how !== "late") return;
    this.#late.add(path);
    this.#refused(path, new Error(`the disk that holds "${this.#root}" does not answer`));
  }

  async #attempts(path: string): Promise<void> {
    for (let save = this.#wanted.get(path); save !== undefined;) {
      const failed = await this.#attempt(path, save);
      const newest = this.#wanted.get(path);
      if (failed !== null && newest === save) return this.#refused(path, failed.error);
      if (newest === save) {
        this.#wanted.delete(path);
        save = undefined;
      } else save = newest;
    }
    this.#settle();
  }

  /** Null when it is on disk. */
  async #attempt(path: string, save: Save): Promise<{ error: unknown } | null> {
    const hadCopy = this.#copies.has(path);
    if (hadCopy) await this.#copies.keep(path, save.copy());
    try {
      await save.write();
    } catch (error) {
      if (!hadCopy) await this.#copies.keep(path, save.copy());
      return { error };
    }
    await this.#copies.drop(path);
    return null;
  }

  /** Writes and removes a file. Rejects when the disk refuses. */
  async probe(): Promise<void> {
    const path = join(this.#root, ".probe");
    try {
      await Deno.writeTextFile(path, "whether this disk can be written\n", { mode: 0o600 });
    } finally {
      await Deno.remove(path).catch(() => {});
    }
  }

  #refused(path: string, error: unknown): void {
    this.#again();
    const unsaved = unsavedReason(error, { root: this.#root, since: this.#unsaved?.since ?? this.#now() });
    if (this.#unsaved?.reason === unsaved.reason) return;
    this.#unsaved = unsaved;
    log.error('"{path}" is not written: {error}; {message}', { path, error, message: unsaved.message });
    this.#tell(unsaved);
    outOfInodes(unsaved, this.#root).then((more) => {
      if (more === null || this.#unsaved !== unsaved) return;
      this.#unsaved = more;
      this.#tell(more);
    });
  }

  #settle(): void {
    if (this.#wanted.size > 0 || this.#unsaved === null) return;
    this.#unsaved = null;
    log.info('everything is saved to "{root}" again', { root: this.#root });
    this.#tell(null);
  }

  /** Whatever is wrong with who listens, it is no reason not to save. */
  #tell(unsaved: Unsaved | null): void {
    try {
      this.#changed(unsaved);
    } catch (error) {
      log.error("what follows from the disk failed: {error}", { error });
    }
  }

  #again(): void {
    if (this.#closed || this.#timer !== undefined) return;
    this.#timer = setTimeout(() => this.retry(), this.#retryMs);
    Deno.unrefTimer(this.#timer);
  }
}

function writing<T>(path: string, format: Format<T>, value: () => T): Save {
  return {
    // The folder may be gone with the disk that held it.
    write: () =>
      writeVersioned(path, format, value()).catch(async (error) => {
        if (!(error instanceof Deno.errors.NotFound)) throw error;
        await Deno.mkdir(dirname(path), { recursive: true, mode: 0o700 });
        await writeVersioned(path, format, value());
      }),
    copy: () => versionedText(format, value()),
  };
}

function removal(...paths: string[]): Save {
  return {
    async write() {
      for (const path of paths) {
        await Deno.remove(path).catch((error) => {
          if (!(error instanceof Deno.errors.NotFound)) throw error;
        });
      }
    },
    copy: () => REMOVED,
  };
}
