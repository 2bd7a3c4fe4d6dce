/** Output of a workload: lines of text, or a stream that goes on. */
import type { Context } from "hono";
import { Failure } from "../failure.ts";
import { parseTimestamp } from "../schema/timestamp.ts";
import type { LogLine, LogOptions } from "../runtime/runtime.ts";
import { problem } from "./problem_response.ts";
import { eventStream, textStream } from "./event_stream.ts";

export type ReadLogs = (name: string, options: LogOptions) => AsyncIterable<LogLine>;

const MAX_TAIL = 10_000;
const DEFAULT_TAIL = 100;
/** Each costs a socket and a look at the file four times a second. */
const MAX_FOLLOWERS = 64;
/** Below the idle timeout of common proxies (nginx: 60 s). */
const PING_EVERY_MS = 15_000;

export type LogRange = Pick<LogOptions, "tail" | "since">;

/**
 * The query's `tail` (a number, by default 100, with `since` all) and `since` (RFC 3339, or a duration before now), or a
 * sentence that says what is wrong with them.
 */
export function rangeOf(context: Context): LogRange | string {
  const [tail, since] = [context.req.query("tail"), context.req.query("since")];
  if (tail !== undefined && (!/^\d{1,5}$/.test(tail) || Number(tail) > MAX_TAIL)) {
    return `tail is "${tail}", wanted 0 to ${MAX_TAIL}`;
  }
  const from = since === undefined ? null : parseTimestamp(since, Date.now());
  if (since !== undefined && from === null) return `since is "${since}", wanted "10m" or "2026-11-21T07:00:00Z"`;
  return { tail: tail === undefined ? (from === null ? DEFAULT_TAIL : null) : Number(tail), since: from };
}

/**
 * `GET /api/v1/workloads/NAME/logs`: text; with `follow` text that goes on, or events for who accepts them. An event
 * `line` is a `LogLine` as JSON. Nobody waits for a slow reader, and nothing is kept for one but 64 KiB.
 */
export class LogAnswers {
  readonly #read: ReadLogs;
  #followers = 0;

  constructor(read: ReadLogs) {
    this.#read = read;
  }

  async answer(context: Context): Promise<Response> {
    const name = context.req.param("name") ?? "";
    const range = rangeOf(context);
    if (typeof range === "string") return problem(context, 400, range);
    const follow = context.req.query("follow") !== undefined;
    if (follow && this.#followers >= MAX_FOLLOWERS) return problem(context, 503, "too many readers of logs");
    try {
      // Asked for before the answer begins, so that what goes wrong is still an error: an unknown name throws here.
      if (!follow) return textOf(await begun(this.#read(name, { ...range, follow })));
      this.#read(name, { tail: 0, follow: false });
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      return problem(context, error.kind === "mistake" ? 404 : 503, error.message);
    }
    const lines = (ended: AbortSignal) => this.#counted(this.#read(name, { ...range, follow, signal: ended }));
    return context.req.header("accept")?.includes("text/event-stream") === true ? eventsOf(lines) : textOf(lines);
  }

  async *#counted(lines: AsyncIterable<LogLine>): AsyncGenerator<LogLine> {
    this.#followers++;
    try {
      yield* lines;
    } finally {
      this.#followers--;
    }
  }
}

type Lines = (ended: AbortSignal) => AsyncIterable<LogLine>;

function eventsOf(lines: Lines): Response {
  return eventStream(async (send, ended) => {
    const ping = setInterval(() => send("ping", ""), PING_EVERY_MS);
    try {
      for await (const line of lines(ended)) await send("line", JSON.stringify(line));
    } finally {
      clearInterval(ping);
    }
  });
}

/** Lines of a second slot say which it is. */
function textOf(lines: Lines): Response {
  return textStream(async (send, ended) => {
    const seen = new Set<number>();
    for await (const line of lines(ended)) {
      if (ended.aborted) return;
      seen.add(line.slot);
      await send(`${seen.size > 1 ? `[${line.slot}] ` : ""}${line.text}\n`);
    }
  });
}

/** The same lines, the first of them asked for already. */
async function begun(lines: AsyncIterable<LogLine>): Promise<Lines> {
  const iterator = lines[Symbol.asyncIterator]();
  const first = await iterator.next();
  return async function* () {
    try {
      for (let { value, done } = first; !done; { value, done } = await iterator.next()) yield value;
    } finally {
      await iterator.return?.();
    }
  };
}
