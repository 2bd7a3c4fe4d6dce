/** The output of services: one log a slot, kept within its bound, read and followed. */
import type { Clock } from "../../../clock.ts";
import type { Instance } from "../../../model/instance.ts";
import type { LogBound } from "../../../model/workload.ts";
import type { LogLine, LogOptions } from "../../runtime.ts";
import { rotate } from "./rotate.ts";
import { LineReader } from "./line_reader.ts";
import { isOpenedBy } from "./open_writers.ts";
import { nextPoll } from "./log_poll_interval.ts";
import { LogDirectories, type LogDirectoriesOptions, type LogDirectory } from "./log_directories.ts";
import { startOffset } from "./log_position.ts";
import { SlotLog } from "./slot_log.ts";

const FOLLOW_EVERY_MS = 250;

export interface LogStoreOptions extends LogDirectoriesOptions {
  clock: Clock;
  /** Only tests ask for "copy". */
  method?: "best" | "copy";
}

/** A slot that is being written to. */
export interface LiveSlot {
  workload: string;
  slot: number;
  /** The bound of its start; that of `configure` comes first. Null: as a manifest without a word gives it. */
  bound: LogBound | null;
  /** Whose stdout is the log; null while it is not known. */
  pid: number | null;
}

interface Kept {
  log: SlotLog;
  /** When it was looked at, and how long it was then. */
  seen: { at: number; end: number };
  due: number;
  cutting: Promise<void> | null;
  /** For which process and file it was asked whether the one writes to the other, and what came of it. */
  checked: string;
  orphaned: boolean;
}

const DEFAULT_BOUND: LogBound = { maxBytes: 10 * 1024 * 1024, maxFiles: 2 };

export class LogStore {
  readonly #options: LogStoreOptions;
  readonly #places: LogDirectories;
  /** By path. */
  readonly #kept = new Map<string, Kept>();
  readonly #bounds = new Map<string, LogBound>();
  readonly #ended = new AbortController();
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: LogStoreOptions) {
    this.#options = options;
    this.#places = new LogDirectories(options);
  }

  /** The file that the output of the slot's next instance goes to, in a folder that exists afterwards. */
  async fileFor(workload: string, slot: number): Promise<string> {
    const before = this.#places.live(workload, slot).path;
    const path = await this.#places.choose(workload, slot);
    if (path !== before) this.#kept.delete(before);
    return path;
  }

  /** From the next look on. */
  configure(workload: string, bound: LogBound): void {
    this.#bounds.set(workload, bound);
  }

  /** From now on the logs of these slots are kept within their bound. `live` is asked at each look. */
  keepBounded(live: () => Iterable<LiveSlot>): void {
    const look = () => {
      const now = this.#options.clock.monotonic();
      let next = nextPoll({ bytes: 0, ms: 0, maxBytes: 0 });
      for (const slot of live()) {
        try {
          next = Math.min(next, this.#look(slot, now) - now);
        } catch {
          // A disk that does not answer: the next look may find it again.
        }
      }
      this.#timer = setTimeout(look, Math.max(1, next));
      Deno.unrefTimer(this.#timer);
    };
    this.#timer = setTimeout(look, 0);
    Deno.unrefTimer(this.#timer);
  }

  /** The instance, with a warning when what its program writes goes to a file that is not its log any more. */
  warned(instance: Instance): Instance {
    const { workload, slot, state, warnings } = instance;
    if (state !== "running" || this.#kept.get(this.#places.live(workload, slot).path)?.orphaned !== true) {
      return instance;
    }
    const message = `the log of ${workload}[${slot}] was removed or replaced: what it writes is lost until a restart`;
    return { ...instance, warnings: [...warnings, { reason: "log_lost", message }] };
  }

  async *read(workload: string, options: LogOptions): AsyncGenerator<LogLine> {
    const { tail, follow, signal } = options;
    const readers = new Map<string, LineReader>();
    try {
      for (const slot of await this.#places.slots(workload)) {
        const places = this.#places.all(workload, slot);
        const lines = this.#past(places, options, readers);
        for await (const text of places.length > 1 && tail !== null ? lastOf(lines, tail) : lines) {
          if (signal?.aborted) return;
          yield logLine(slot, text);
        }
      }
      while (follow && signal?.aborted !== true) {
        let quiet = true;
        for (const slot of await this.#places.slots(workload)) {
          for (const place of this.#places.all(workload, slot)) {
            const { log } = this.#keep(place);
            const reader = readers.get(place.path) ?? new LineReader(log, log.start);
            readers.set(place.path, reader);
            const lines = await reader.next();
            if (lines === null) continue;
            quiet = false;
            for (const text of lines) {
              if (signal?.aborted) return;
              yield logLine(slot, text);
            }
          }
        }
        if (quiet) await this.#options.clock.sleep(FOLLOW_EVERY_MS, signal).catch(() => {});
      }
    } finally {
      for (const reader of readers.values()) await reader[Symbol.asyncDispose]();
    }
  }

  /** What was written to the places until now, one after the other. */
  async *#past(
    places: readonly LogDirectory[],
    { tail, since = null, follow }: LogOptions,
    readers: Map<string, LineReader>,
  ): AsyncGenerator<string> {
    for (const place of places) {
      const { log } = this.#keep(place);
      const end = log.refresh();
      const from = await startOffset(log, { tail, since, unfinished: follow ? "awaited" : "line" });
      const reader = new LineReader(log, from);
      readers.set(place.path, reader);
      for (let lines; (lines = await reader.next(end)) !== null;) yield* lines;
      const rest = follow ? null : reader.rest();
      if (rest !== null) yield rest;
    }
  }

  /** Ends looking, and waits for a cut that is under way: it is given up where nothing is lost by it. */
  async close(): Promise<void> {
    this.#ended.abort(new Error("the daemon ends"));
    clearTimeout(this.#timer);
    await Promise.all([...this.#kept.values()].map((kept) => kept.cutting));
  }

  /** Looks at a log when it is due. Returns when it is due next. */
  #look({ workload, slot, bound: begun, pid }: LiveSlot, now: number): number {
    const kept = this.#keep(this.#places.live(workload, slot));
    if (kept.due > now) return kept.due;
    const { log, seen } = kept;
    const bound = this.#places.bound(workload, slot, this.#bounds.get(workload) ?? begun ?? DEFAULT_BOUND);
    const end = log.refresh();
    kept.due = now + nextPoll({ bytes: end - seen.end, ms: now - seen.at, maxBytes: bound.maxBytes });
    kept.seen = { at: now, end };
    const check = `${pid} ${log.inode}`;
    if (check !== kept.checked) {
      kept.checked = check;
      kept.orphaned = pid !== null && !isOpenedBy(log.path, pid);
    }
    if (end - log.base > bound.maxBytes || log.archives.length > bound.maxFiles) {
      const { method = "best" } = this.#options;
      kept.cutting ??= rotate(log, bound, { method, signal: this.#ended.signal })
        .catch(() => {}).finally(() => kept.cutting = null);
    }
    return kept.due;
  }

  #keep({ path, index }: LogDirectory): Kept {
    let kept = this.#kept.get(path);
    if (kept === undefined) {
      const log = new SlotLog(path, index);
      const seen = { at: this.#options.clock.monotonic(), end: log.refresh() };
      kept = { log, seen, due: 0, cutting: null, checked: "", orphaned: false };
      this.#kept.set(path, kept);
    }
    return kept;
  }
}

/** No more than these are held meanwhile. */
async function* lastOf(lines: AsyncIterable<string>, max: number): AsyncGenerator<string> {
  const last: string[] = [];
  for await (const line of lines) {
    last.push(line);
    if (last.length > max) last.shift();
  }
  yield* last;
}

function logLine(slot: number, text: string): LogLine {
  return { slot, stream: null, text };
}
