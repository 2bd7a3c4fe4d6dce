/** A clock that stands still until a test moves it. */
import type { Clock } from "../../src/clock.ts";

export class ManualClock implements Clock {
  #now = 0;
  readonly #sleeps = new Set<{ until: number; resolve: () => void }>();

  /** How many sleeps are under way. */
  get sleeping(): number {
    return this.#sleeps.size;
  }

  now(): number {
    return this.#now;
  }

  monotonic(): number {
    return this.#now;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const sleep = { until: this.#now + ms, resolve };
      this.#sleeps.add(sleep);
      signal?.addEventListener("abort", () => {
        if (this.#sleeps.delete(sleep)) reject(signal.reason);
      }, { once: true });
    });
  }

  /** Moves on by `ms`, and lets everything run that follows from it. */
  async pass(ms: number): Promise<void> {
    this.#now += ms;
    for (const sleep of [...this.#sleeps].filter(({ until }) => until <= this.#now)) {
      this.#sleeps.delete(sleep);
      sleep.resolve();
    }
    await new Promise((resolve) => setTimeout(resolve));
  }
}
