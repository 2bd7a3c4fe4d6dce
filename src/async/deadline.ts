/** Waits with an end. */
import type { Clock } from "../clock.ts";
import type { Failure } from "../failure.ts";

export interface DeadlineOptions {
  clock: Clock;
  ms: number;
  /** Ends the wait early, with its own reason. */
  signal: AbortSignal;
  /** What it means when the time is over. */
  late: () => Failure;
}

/**
 * The result of `work`, whose signal aborts when the time is over or the outer signal aborts. Returns only when `work`
 * has ended, so `work` must listen; where it failed after the abort, the abort's reason is what is thrown.
 */
export async function withDeadline<T>(bound: DeadlineOptions, work: (over: AbortSignal) => Promise<T>): Promise<T> {
  const over = new AbortController();
  const done = new AbortController();
  const stop = () => over.abort(bound.signal.reason);
  if (bound.signal.aborted) stop();
  bound.signal.addEventListener("abort", stop, { once: true });
  bound.clock.sleep(bound.ms, done.signal).then(() => over.abort(bound.late()), () => {});
  try {
    return await work(over.signal);
  } catch (error) {
    throw over.signal.aborted ? over.signal.reason : error;
  } finally {
    done.abort();
    bound.signal.removeEventListener("abort", stop);
  }
}

/** As `withDeadline`, for work that may not listen: it is left behind at the deadline, and the caller cleans up after it. */
export function withTimeout<T>(bound: DeadlineOptions, work: (over: AbortSignal) => Promise<T>): Promise<T> {
  return withDeadline(bound, (over) => Promise.race([work(over), rejection(over)]));
}

function rejection(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) return reject(signal.reason);
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}
