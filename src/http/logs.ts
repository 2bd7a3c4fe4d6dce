/** Output of a workload: lines of text, or a stream that goes on. */
import type { Context } from "hono";
import { Failure } from "../failure.ts";
import type { LogLine, LogOptions } from "../runtime/runtime.ts";
import { problem } from "./problem.ts";
import { eventStream } from "./stream.ts";

export type ReadLogs = (name: string, options: LogOptions) => AsyncIterable<LogLine>;

const MAX_TAIL = 10_000;

/** The query's `tail` (default 100), or null when it is no number in bounds. */
export function tailOf(context: Context): number | null {
  const text = context.req.query("tail") ?? "100";
  return /^\d{1,5}$/.test(text) && Number(text) <= MAX_TAIL ? Number(text) : null;
}

export async function logsAnswer(context: Context, read: ReadLogs): Promise<Response> {
  const name = context.req.param("name") ?? "";
  const tail = tailOf(context);
  if (tail === null) return problem(context, 400, `tail is "${context.req.query("tail")}", wanted 0 to ${MAX_TAIL}`);
  try {
    if (context.req.query("follow") !== undefined) {
      // Asked for before the answer begins, so that an unknown name is still an error.
      read(name, { tail: 0, follow: false });
      return eventStream(async (send, ended) => {
        for await (const line of read(name, { tail, follow: true, signal: ended })) send("line", JSON.stringify(line));
      });
    }
    const lines = await Array.fromAsync(read(name, { tail, follow: false }));
    const several = new Set(lines.map((line) => line.slot)).size > 1;
    const text = lines.map((line) => `${several ? `[${line.slot}] ` : ""}${line.text}\n`).join("");
    return context.text(text);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return problem(context, error.kind === "mistake" ? 404 : 503, error.message);
  }
}
