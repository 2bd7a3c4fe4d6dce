/** Answers that go on: server-sent events for browsers, one JSON value a line for our own command line. */

/** The names are those of the HTML standard, "9.2 Server-sent events". */
export function eventStream(
  produce: (send: (event: string, data: string) => void, ended: AbortSignal) => Promise<void>,
) {
  return streamed("text/event-stream", (write, ended) =>
    produce((event, data) => {
      write(
        event === "ping"
          ? ": ping\n\n"
          : `event: ${event}\n${data.split("\n").map((line) => `data: ${line}\n`).join("")}\n`,
      );
    }, ended));
}

export function jsonLines(produce: (send: (value: unknown) => void, ended: AbortSignal) => Promise<void>) {
  return streamed(
    "application/x-ndjson",
    (write, ended) => produce((value) => write(`${JSON.stringify(value)}\n`), ended),
  );
}

/** The answer ends when `produce` does; `ended` aborts when the reader leaves. */
function streamed(
  type: string,
  produce: (write: (text: string) => void, ended: AbortSignal) => Promise<void>,
): Response {
  const left = new AbortController();
  const encoder = new TextEncoder();
  const body = new ReadableStream<Uint8Array>({
    async start(controller) {
      try {
        await produce((text) => {
          if (!left.signal.aborted) controller.enqueue(encoder.encode(text));
        }, left.signal);
        if (!left.signal.aborted) controller.close();
      } catch (error) {
        if (!left.signal.aborted) controller.error(error);
      }
    },
    cancel() {
      left.abort(new Error("the reader left"));
    },
  });
  return new Response(body, {
    headers: { "content-type": type, "cache-control": "no-store", "x-accel-buffering": "no" },
  });
}
