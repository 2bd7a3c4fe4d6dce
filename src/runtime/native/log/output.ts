/** The output of services: one log a slot, kept within its bound, read and followed. */
import { join } from "node:path";
import type { Clock } from "../../../clock.ts";
import type { Instance } from "../../../model/observed.ts";
import type { LogBound } from "../../../model/workload.ts";
import type { LogLine, LogOptions } from "../../runtime.ts";
import { keepWithin } from "./bound.ts";
import { LineReader } from "./line_reader.ts";
import { isWrittenBy } from "./orphan.ts";
import { nextLook } from "./pace.ts";
import { beginning } from "./position.ts";
import { SlotLog } from "./slot_log.ts";

const FOLLOW_EVERY_MS = 250;

export interface OutputOptions {
  /** `WORKLOAD/SLOT.log` and its archives. */
  logDir: string;
  /** What is known of each log: on a file system in memory, where there is one. */
  indexDir: string;
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

export class Output {
  readonly #options: OutputOptions;
  readonly #kept = new Map<string, Kept>();
  readonly #bounds = new Map<string, LogBound>();
  readonly #ended = new AbortController();
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: OutputOptions) {
    this.#options = options;
  }

  /** The file that a slot's output goes to, in a folder that exists afterwards. */
  async fileFor(workload: string, slot: number): Promise<string> {
    await Deno.mkdir(join(this.#options.logDir, workload), { recursive: true, mode: 0o750 });
    return this.#path(workload, slot);
  }

  /** From the next look on. */
  configure(workload: string, bound: LogBound): void {
    this.#bounds.set(workload, bound);
  }

  /** From now on the logs of these slots are kept within their bound. `live` is asked at each look. */
  keepBounded(live: () => Iterable<LiveSlot>): void {
    const look = () => {
      const now = this.#options.clock.monotonic();
      let next = nextLook({ bytes: 0, ms: 0, maxBytes: 0 });
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
    if (state !== "running" || this.#kept.get(this.#path(workload, slot))?.orphaned !== true) return instance;
    const message = `the log of ${workload}[${slot}] was removed or replaced: what it writes is lost until a restart`;
    return { ...instance, warnings: [...warnings, { reason: "log_lost", message }] };
  }

  async *read(workload: string, { tail, since = null, follow, signal }: LogOptions): AsyncGenerator<LogLine> {
    const readers = new Map<number, LineReader>();
    try {
      for (const slot of await this.#slots(workload)) {
        const { log } = this.#keep(workload, slot);
        const end = log.refresh();
        const reader = new LineReader(
          log,
          await beginning(log, { tail, since, unfinished: follow ? "awaited" : "line" }),
        );
        readers.set(slot, reader);
        for (let lines; (lines = await reader.next(end)) !== null;) {
          for (const text of lines) {
            if (signal?.aborted) return;
            yield logLine(slot, text);
          }
        }
        const rest = follow ? null : reader.rest();
        if (rest !== null) yield logLine(slot, rest);
      }
      while (follow && signal?.aborted !== true) {
        let quiet = true;
        for (const slot of await this.#slots(workload)) {
          const { log } = this.#keep(workload, slot);
          const reader = readers.get(slot) ?? new LineReader(log, log.start);
          readers.set(slot, reader);
          const lines = await reader.next();
          if (lines === null) continue;
          quiet = false;
          for (const text of lines) {
            if (signal?.aborted) return;
            yield logLine(slot, text);
          }
        }
        if (quiet) await this.#options.clock.sleep(FOLLOW_EVERY_MS, signal).catch(() => {});
      }
    } finally {
      for (const reader of readers.values()) await reader[Symbol.asyncDispose]();
    }
  }

  /** Ends looking, and waits for a cut that is under way: it is given up where nothing is lost by it. */
  async close(): Promise<void> {
    this.#ended.abort(new Error("the daemon ends"));
    clearTimeout(this.#timer);
    await Promise.all([...this.#kept.values()].map((one) => one.cutting));
  }

  /** Looks at a log when it is due. Returns when it is due next. */
  #look({ workload, slot, bound: begun, pid }: LiveSlot, now: number): number {
    const kept = this.#keep(workload, slot);
    if (kept.due > now) return kept.due;
    const { log, seen } = kept;
    const bound = this.#bounds.get(workload) ?? begun ?? DEFAULT_BOUND;
    const end = log.refresh();
    kept.due = now + nextLook({ bytes: end - seen.end, ms: now - seen.at, maxBytes: bound.maxBytes });
    kept.seen = { at: now, end };
    const check = `${pid} ${log.inode}`;
    if (check !== kept.checked) {
      kept.checked = check;
      kept.orphaned = pid !== null && !isWrittenBy(log.path, pid);
    }
    if (end - log.base > bound.maxBytes || log.archives.length > bound.maxFiles) {
      const { method = "best" } = this.#options;
      kept.cutting ??= keepWithin(log, bound, { method, signal: this.#ended.signal })
        .catch(() => {}).finally(() => kept.cutting = null);
    }
    return kept.due;
  }

  #keep(workload: string, slot: number): Kept {
    const path = this.#path(workload, slot);
    let kept = this.#kept.get(path);
    if (kept === undefined) {
      const log = new SlotLog(path, join(this.#options.indexDir, workload, `${slot}.log.index`));
      const seen = { at: this.#options.clock.monotonic(), end: log.refresh() };
      kept = { log, seen, due: 0, cutting: null, checked: "", orphaned: false };
      this.#kept.set(path, kept);
    }
    return kept;
  }

  async #slots(workload: string): Promise<number[]> {
    try {
      const entries = await Array.fromAsync(Deno.readDir(join(this.#options.logDir, workload)));
      return entries.flatMap(({ name }) => /^\d+\.log$/.test(name) ? [Number.parseInt(name)] : []).sort((a, b) =>
        a - b
      );
    } catch {
      return [];
    }
  }

  #path(workload: string, slot: number): string {
    return join(this.#options.logDir, workload, `${slot}.log`);
  }
}

function logLine(slot: number, text: string): LogLine {
  return { slot, stream: null, text };
}
