/** Waits with an end. */
import type { Clock } from "../clock.ts";
import type { Failure } from "../failure.ts";

export interface Bound {
  clock: Clock;
  ms: number;
  /** Ends the wait early, with its own reason. */
  signal: AbortSignal;
  /** What it means when the time is over. */
  late: () => Failure;
}

/**
 * The result of `work`, or a rejection as soon as the time is over or the signal aborts, even when `work` does not
 * listen to the signal that it is given. Leaves no timer behind.
 */
export async function within<T>(bound: Bound, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const over = new AbortController();
  const done = new AbortController();
  const stop = () => over.abort(bound.signal.reason);
  if (bound.signal.aborted) stop();
  bound.signal.addEventListener("abort", stop, { once: true });
  bound.clock.sleep(bound.ms, done.signal).then(() => over.abort(bound.late()), () => {});
  try {
    return await Promise.race([work(over.signal), rejection(over.signal)]);
  } catch (error) {
    // Where `work` did listen it says "aborted" in its own words; the reason is what counts.
    throw over.signal.aborted ? over.signal.reason : error;
  } finally {
    done.abort();
    bound.signal.removeEventListener("abort", stop);
  }
}

function rejection(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) return reject(signal.reason);
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}
