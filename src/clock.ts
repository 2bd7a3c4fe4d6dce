/**
 * Time as a value that is handed in, never reached for: only `main`, `daemon` and tests make a clock.
 */
export interface Clock {
  /** Milliseconds since 1970, UTC. May jump in both directions: a board without a battery starts in 1970. */
  now(): number;
  /** Milliseconds on a clock that only goes forward, for measuring how long something took. */
  monotonic(): number;
  /** Resolves after `ms`, or rejects with the signal's reason as soon as `signal` aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep(ms, signal) {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const abort = () => {
        clearTimeout(timer);
        reject(signal?.reason);
      };
      const timer = setTimeout(() => {
        signal?.removeEventListener("abort", abort);
        resolve();
      }, ms);
      signal?.addEventListener("abort", abort, { once: true });
    });
  },
};
