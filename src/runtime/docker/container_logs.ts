/** Output of a workload's containers as lines, those of several slots put in order by the time Docker wrote them down. */
import type { LogLine, LogOptions } from "../runtime.ts";
import type { Engine } from "./engine.ts";
import { frames, terminalLines } from "./log_stream.ts";

/** As the contract says; Docker itself cuts longer lines into pieces of this size. */
const LONGEST_LINE = 16 * 1024;
/** Lines that wait for a slow reader; beyond it Docker is read no further. */
const WAITING_LINES = 1000;

export interface LogSource {
  engine: Engine;
  /** The workload's containers of this moment, running or not. */
  containers(): Promise<LoggedContainer[]>;
  /** Calls back with each change of a container, null for "any", until the returned function is called. */
  subscribe(changed: (id: string | null) => void): () => void;
}

export interface LoggedContainer {
  id: string;
  slot: number;
  /** Whether it writes to a terminal, which has one output. */
  hasTerminal(): Promise<boolean>;
}

interface TimedLine extends LogLine {
  /** RFC 3339 in UTC with nine digits, so that order of text is order of time. */
  time: string;
}

interface Range {
  tail: number | null;
  /** As Docker takes it: seconds since 1970 with a fraction; null for all. */
  since: string | null;
  follow: boolean;
}

export async function* readLogs(source: LogSource, options: LogOptions): AsyncGenerator<LogLine, void, undefined> {
  const { tail, since = null, follow, signal = new AbortController().signal } = options;
  /** Where following goes on: behind the last line, or where it was to begin. */
  const seen = new Map<string, string | null>();
  // One line at least: its time is where following goes on.
  const range = { tail: tail === null ? null : Math.max(tail, 1), since: asSince(since), follow: false, signal };
  const read = async function* (container: LoggedContainer) {
    for await (const line of containerLines(source.engine, container, range)) {
      seen.set(container.id, justAfter(line.time));
      yield line;
    }
  };
  try {
    const containers = await source.containers();
    for (const { id } of containers) seen.set(id, range.since);
    const lines = inOrder(containers.map(read));
    if (tail === null) { for await (const line of lines) yield untimed(line); }
    else yield* await lastOf(lines, tail);
  } catch (error) {
    if (signal.aborted) return;
    throw error;
  }
  if (follow && !signal.aborted) yield* followLogs(source, { seen, signal });
}

async function lastOf(lines: AsyncIterable<TimedLine>, count: number): Promise<LogLine[]> {
  const last: TimedLine[] = [];
  for await (const line of lines) {
    last.push(line);
    if (last.length > count) last.shift();
  }
  return last.map(untimed);
}

/** Several that are each in order of time as one that is. Holds one line of each. */
async function* inOrder(sources: AsyncGenerator<TimedLine, void, undefined>[]): AsyncGenerator<TimedLine> {
  const heads = new Map<AsyncGenerator<TimedLine, void, undefined>, TimedLine>();
  const advance = async (asyncGenerator: AsyncGenerator<TimedLine, void, undefined>) => {
    const { value, done } = await asyncGenerator.next();
    if (done) heads.delete(asyncGenerator);
    else heads.set(asyncGenerator, value);
  };
  try {
    for (const asyncGenerator of sources) await advance(asyncGenerator);
    while (heads.size > 0) {
      // Of the same time, that of the first container comes first.
      const [first, line] = [...heads].reduce((a, b) => b[1].time < a[1].time ? b : a);
      yield line;
      await advance(first);
    }
  } finally {
    for (const asyncGenerator of sources) await asyncGenerator.return();
  }
}

/** `seen`: from when on each container is to be read. Containers that come later are read from their beginning. */
async function* followLogs(
  source: LogSource,
  { seen, signal }: { seen: Map<string, string | null>; signal: AbortSignal },
): AsyncGenerator<LogLine, void, undefined> {
  const { readable, writable } = new TransformStream<LogLine, LogLine>(undefined, { highWaterMark: WAITING_LINES });
  const writer = writable.getWriter();
  const ended = new AbortController();
  const followed = new Set<string>();
  /** Changed while its stream was open: that stream may have been of the run before. */
  const again = new Set<string>();
  const tasks = new Set<Promise<void>>();

  const run = (task: () => Promise<void>) => {
    const promise: Promise<void> = task().catch(() => {}).finally(() => tasks.delete(promise));
    tasks.add(promise);
  };
  const read = async (container: LoggedContainer) => {
    const { id } = container;
    let count: number;
    do {
      again.delete(id);
      count = 0;
      const range = { tail: null, since: seen.get(id) ?? null, follow: true };
      for await (const line of containerLines(source.engine, container, { ...range, signal: ended.signal })) {
        count++;
        seen.set(id, justAfter(line.time));
        await writer.ready;
        await writer.write(untimed(line));
      }
    } while (!ended.signal.aborted && (count > 0 || again.has(id)));
  };
  const look = async () => {
    for (const container of await source.containers()) {
      if (followed.has(container.id)) continue;
      followed.add(container.id);
      run(() => read(container).finally(() => followed.delete(container.id)));
    }
  };

  const unsubscribe = source.subscribe((id) => {
    if (id !== null && followed.has(id)) again.add(id);
    else run(look);
  });
  const end = () => {
    ended.abort(new Error("nobody reads the log any more"));
    writer.close().catch(() => {});
  };
  signal.addEventListener("abort", end, { once: true });
  run(look);
  try {
    for await (const line of readable) {
      if (signal.aborted) return;
      yield line;
    }
  } finally {
    signal.removeEventListener("abort", end);
    unsubscribe();
    end();
    await Promise.all(tasks);
  }
}

async function* containerLines(
  engine: Engine,
  { id, slot, hasTerminal }: LoggedContainer,
  { tail, since, follow, signal }: Range & { signal: AbortSignal },
): AsyncGenerator<TimedLine, void, undefined> {
  const chunks = engine.stream(`GET /containers/${id}/logs`, {
    task: "read the log",
    query: {
      stdout: "1",
      stderr: "1",
      timestamps: "1",
      follow: follow ? "1" : "0",
      tail: tail === null ? "all" : String(tail),
      ...(since === null ? {} : { since }),
    },
    signal,
  });
  const lines = { stdout: new LineBuilder(), stderr: new LineBuilder() };
  // Podman begins at the full second.
  const isNew = ({ time }: { time: string }) => since === null || secondsOf(time) >= since;
  // Its time and a space come before each line.
  const pieces = await hasTerminal() ? terminalLines(chunks, LONGEST_LINE + 64) : frames(chunks);
  for await (const { stream, payload } of pieces) {
    const line = lines[stream].add(payload);
    if (line !== null && isNew(line)) yield { slot, stream, ...line };
  }
  for (const stream of ["stdout", "stderr"] as const) {
    const line = lines[stream].rest();
    if (line !== null && isNew(line)) yield { slot, stream, ...line };
  }
}

/** One output of one container. A frame is a line, or a piece of a long one; each begins with its time. */
class LineBuilder {
  #time = "";
  #pieces: Uint8Array[] = [];
  #length = 0;

  add(payload: Uint8Array): { time: string; text: string } | null {
    const space = payload.indexOf(0x20);
    if (this.#time === "") this.#time = new TextDecoder().decode(payload.subarray(0, Math.max(space, 0)));
    const ends = payload.at(-1) === 0x0a;
    const piece = payload.subarray(space + 1, ends ? -1 : undefined).subarray(0, LONGEST_LINE - this.#length);
    this.#pieces.push(piece.slice());
    this.#length += piece.length;
    return ends ? this.rest() : null;
  }

  rest(): { time: string; text: string } | null {
    if (this.#time === "") return null;
    const decoder = new TextDecoder();
    const text = this.#pieces.map((piece) => decoder.decode(piece, { stream: true })).join("") + decoder.decode();
    const line = { time: this.#time, text: text.replace(/\r$/, "") };
    this.#time = "";
    this.#pieces = [];
    this.#length = 0;
    return line;
  }
}

/** One nanosecond later, as Docker takes it: seconds and a fraction. */
function justAfter(time: string): string {
  const [seconds = "", nanos = ""] = secondsOf(time).split(".");
  const next = Number(nanos) + 1;
  return next === 1_000_000_000 ? `${Number(seconds) + 1}.000000000` : `${seconds}.${String(next).padStart(9, "0")}`;
}

/** Seconds with nine digits behind the point, so that two of them compare as text. Podman leaves out zeros at the end. */
function secondsOf(time: string): string {
  const nanos = /\.(\d{1,9})(?:Z|[+-]\d\d:\d\d)$/.exec(time)?.[1] ?? "";
  return `${Math.floor(Date.parse(time) / 1000)}.${nanos.padEnd(9, "0")}`;
}

function asSince(ms: number | null): string | null {
  if (ms === null) return null;
  const [seconds, rest] = [Math.floor(ms / 1000), Math.floor(ms) - Math.floor(ms / 1000) * 1000];
  return `${seconds}.${String(rest).padStart(3, "0")}000000`;
}

function untimed({ slot, stream, text }: TimedLine): LogLine {
  return { slot, stream, text };
}
