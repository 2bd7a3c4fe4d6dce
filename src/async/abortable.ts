/** Waiting that ends as soon as somebody has enough of it. */

/**
 * The chunks of an HTTP answer; throws the signal's reason as soon as it aborts. Handing the signal to `fetch` is not enough: while chunks
 * pour in, Deno's misses an abort now and then, and the body goes on for ever. Leaving the loop early ends the body.
 */
export async function* abortableIterator<Chunk>(
  body: ReadableStream<Chunk>,
  signal: AbortSignal,
): AsyncGenerator<Chunk> {
  const reader = body.getReader();
  const abort = () => reader.cancel(signal.reason).catch(() => {});
  signal.addEventListener("abort", abort, { once: true });
  try {
    while (true) {
      signal.throwIfAborted();
      const { done, value } = await reader.read();
      signal.throwIfAborted();
      if (done) return;
      yield value;
    }
  } finally {
    signal.removeEventListener("abort", abort);
    await abort();
  }
}

/** Returns when the work is done; throws the signal's reason as soon as it aborts. The work itself goes on. */
export async function abortable(work: Promise<void>, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  const { promise, reject } = Promise.withResolvers<never>();
  const abort = () => reject(signal.reason);
  signal.addEventListener("abort", abort, { once: true });
  try {
    await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}
