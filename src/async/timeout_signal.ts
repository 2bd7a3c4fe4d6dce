/** One signal for all that may end a call: its time is up, the caller gave up, the runtime is closed. */
export interface TimeoutSignal extends Disposable {
  readonly signal: AbortSignal;
  /** The limit that ended it, in milliseconds; null when it was not the time. */
  readonly expired: number | null;
  /** A new limit from now on; null for none. */
  restart(timeoutMs: number | null): void;
}

/** Must be disposed of: it listens to signals that live much longer than a call. */
export function timeoutSignal(timeoutMs: number, signals: readonly (AbortSignal | undefined)[]): TimeoutSignal {
  const controller = new AbortController();
  let expired: number | null = null;
  const expire = (limitMs: number) => {
    expired = limitMs;
    controller.abort(new DOMException("no answer in time", "TimeoutError"));
  };
  let timer = setTimeout(expire, timeoutMs, timeoutMs);
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
    restart(ms) {
      clearTimeout(timer);
      if (ms !== null) timer = setTimeout(expire, ms, ms);
    },
    [Symbol.dispose]() {
      clearTimeout(timer);
      for (const remove of removals) remove();
    },
  };
}
