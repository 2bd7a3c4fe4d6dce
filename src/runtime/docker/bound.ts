/** One signal for all that may end a call: its time is up, the caller gave up, the runtime is closed. */
export interface Bound extends Disposable {
  readonly signal: AbortSignal;
  /** True when it was the time that ended it. */
  readonly timedOut: boolean;
  /** A new limit from now on; null for none. */
  restart(timeoutMs: number | null): void;
}

/** Must be disposed of: it listens to signals that live much longer than a call. */
export function bound(timeoutMs: number, signals: readonly (AbortSignal | undefined)[]): Bound {
  const controller = new AbortController();
  let timedOut = false;
  const expire = () => {
    timedOut = true;
    controller.abort(new DOMException("no answer in time", "TimeoutError"));
  };
  let timer = setTimeout(expire, timeoutMs);
  const removals = signals.filter((signal) => signal !== undefined).map((signal) => {
    const abort = () => controller.abort(signal.reason);
    if (signal.aborted) abort();
    else signal.addEventListener("abort", abort, { once: true });
    return () => signal.removeEventListener("abort", abort);
  });
  return {
    signal: controller.signal,
    get timedOut() {
      return timedOut;
    },
    restart(ms) {
      clearTimeout(timer);
      if (ms !== null) timer = setTimeout(expire, ms);
    },
    [Symbol.dispose]() {
      clearTimeout(timer);
      for (const remove of removals) remove();
    },
  };
}
