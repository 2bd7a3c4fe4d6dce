/** One signal for all that may end a call: its time is up, the caller gave up, its owner is closed. */
import { type Clock, systemClock } from "../clock.ts";

export interface TimeoutOptions {
  ms: number;
  /** Each aborts the made signal early, with its own reason. */
  signals?: readonly (AbortSignal | undefined)[];
  clock?: Clock;
  /** Returns the reason with which the signal aborts when the time is up. Omit for a `TimeoutError`. */
  late?: () => unknown;
}

export interface TimeoutSignal extends Disposable {
  readonly signal: AbortSignal;
  /** The limit that aborted it, in milliseconds; null when the time did not. */
  readonly expired: number | null;
  /** Starts a new limit now, in place of the one before; null for none. */
  restart(ms: number | null): void;
}

/** Returns a signal that must be disposed of: it listens to `signals`, which may live much longer than a call. */
export function timeoutSignal(
  { ms, signals = [], clock = systemClock, late = timeout }: TimeoutOptions,
): TimeoutSignal {
  const controller = new AbortController();
  let expired: number | null = null;
  let timer = new AbortController();
  const start = (limitMs: number) => {
    timer = new AbortController();
    const { signal } = timer;
    clock.sleep(limitMs, signal).then(() => {
      // A limit that was replaced at the moment in which it ended counts no more.
      if (signal.aborted || controller.signal.aborted) return;
      expired = limitMs;
      controller.abort(late());
    }, () => {});
  };
  start(ms);
  const removals = signals.filter((signal) => signal !== undefined).map((signal) => {
    const abort = () => controller.abort(signal.reason);
    if (signal.aborted) abort();
    else signal.addEventListener("abort", abort, { once: true });
    return () => signal.removeEventListener("abort", abort);
  });
  return {
    signal: controller.signal,
    get expired() {
      return expired;
    },
    restart(limitMs) {
      timer.abort();
      if (limitMs !== null) start(limitMs);
    },
    [Symbol.dispose]() {
      timer.abort();
      for (const remove of removals) remove();
    },
  };
}

function timeout(): DOMException {
  return new DOMException("no answer in time", "TimeoutError");
}
