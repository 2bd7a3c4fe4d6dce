/** Answers that go on: server-sent events for browsers, one JSON value a line for our own command line, or text. */

/** Resolves when the reader has room for more; whoever has much to say waits for it. */
type Send<Values extends unknown[]> = (...values: Values) => Promise<void>;
type Produce<Values extends unknown[]> = (send: Send<Values>, ended: AbortSignal) => Promise<void>;

/** The names are those of the HTML standard, "9.2 Server-sent events". */
export function eventStream(produce: Produce<[event: string, data: string]>): Response {
  return streamed("text/event-stream", (write, ended) =>
    produce((event, data) =>
      write(
        event === "ping"
          ? ": ping\n\n"
          : `event: ${event}\n${data.split("\n").map((line) => `data: ${line}\n`).join("")}\n`,
      ), ended));
}

export function jsonLines(produce: Produce<[value: unknown]>): Response {
  return streamed(
    "application/x-ndjson",
    (write, ended) => produce((value) => write(`${JSON.stringify(value)}\n`), ended),
  );
}

export function textStream(produce: Produce<[text: string]>): Response {
  return streamed("text/plain; charset=utf-8", produce);
}

/** The answer ends when `produce` does; `ended` aborts when the reader leaves. */
function streamed(type: string, produce: Produce<[text: string]>): Response {
  const left = new AbortController();
  const encoder = new TextEncoder();
  let room = Promise.withResolvers<void>();
  const body = new ReadableStream<Uint8Array>({
    // Not awaited: the reader is asked for room only once this has returned.
    start(controller) {
      const write = (text: string) => {
        if (left.signal.aborted) return Promise.resolve();
        controller.enqueue(encoder.encode(text));
        if ((controller.desiredSize ?? 1) > 0) return Promise.resolve();
        return room.promise;
      };
      produce(write, left.signal).then(
        () => left.signal.aborted || controller.close(),
        (error) => left.signal.aborted || controller.error(error),
      );
    },
    pull() {
      room.resolve();
      room = Promise.withResolvers();
    },
    cancel() {
      left.abort(new Error("the reader left"));
      room.resolve();
    },
  }, { highWaterMark: WAITING_BYTES, size: (chunk) => chunk.length });
  return new Response(body, {
    headers: { "content-type": type, "cache-control": "no-store", "x-accel-buffering": "no" },
  });
}

/** What waits for a slow reader. */
const WAITING_BYTES = 64 * 1024;
