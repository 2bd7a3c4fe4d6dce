/** Work that has a limited time. */
import { abortable } from "./abortable.ts";
import { type TimeoutOptions, timeoutSignal } from "./timeout_signal.ts";

/**
 * Returns the result of `work`, and rejects as soon as the time is up or one of the signals aborts, with that reason.
 * `work` may ignore its signal: it is left behind then, and the caller cleans up after it.
 */
export function deadline<T>(options: TimeoutOptions, work: (over: AbortSignal) => Promise<T>): Promise<T> {
  return withDeadline(options, (over) => abortable(work(over), over));
}

/**
 * Returns the result of `work`, whose signal aborts when the time is up or one of the signals aborts. Settles only when
 * `work` has ended, so `work` must heed its signal. Work that fails after the abort rejects with the abort's reason.
 */
export async function withDeadline<T>(options: TimeoutOptions, work: (over: AbortSignal) => Promise<T>): Promise<T> {
  using limit = timeoutSignal(options);
  const { signal } = limit;
  try {
    return await work(signal);
  } catch (error) {
    throw signal.aborted ? signal.reason : error;
  }
}
