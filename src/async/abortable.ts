/** Waits that end as soon as a signal aborts. */

/** Returns the result of `work`, and rejects with the signal's reason as soon as it aborts. The work itself goes on. */
export async function abortable<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const abort = () => reject(signal.reason);
  if (signal.aborted) abort();
  signal.addEventListener("abort", abort, { once: true });
  try {
    // The race also takes care of work that fails after it was left behind.
    return await Promise.race([promise, work]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

/**
 * Yields the chunks of an HTTP answer; throws the signal's reason as soon as it aborts. Handing the signal to `fetch` is
 * not enough: while chunks pour in, Deno's misses an abort now and then, and the body goes on for ever. Leaving the loop
 * early cancels the body.
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
