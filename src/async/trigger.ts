/**
 * Why the loop turns: any number of causes become one turn, and none that comes during a turn is lost.
 */
import type { Clock } from "../clock.ts";

export class Trigger {
  readonly #clock: Clock;
  #pending = false;
  #release: (() => void) | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Asks for a turn. Cheap, and may be called at any time from anywhere. */
  fire(): void {
    this.#pending = true;
    this.#release?.();
  }

  /**
   * Resolves when a turn is asked for, was asked for since the last `wait`, or `delayMs` have passed (null: no end).
   * Rejects with the signal's reason when it aborts. One waiter at a time.
   */
  async wait(delayMs: number | null, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (!this.#pending) await this.#wait(delayMs, signal);
    this.#pending = false;
  }

  async #wait(delayMs: number | null, signal: AbortSignal): Promise<void> {
    const ended = new AbortController();
    const asked = new Promise<void>((resolve, reject) => {
      this.#release = resolve;
      signal.addEventListener("abort", () => reject(signal.reason), { once: true, signal: ended.signal });
    });
    // setTimeout holds at most 2^31-1 ms; longer waits simply turn once more.
    const slept = delayMs === null
      ? asked
      : this.#clock.sleep(Math.min(Math.max(0, delayMs), 2 ** 31 - 1), ended.signal).catch(() => {});
    try {
      await Promise.race([asked, slept]);
    } finally {
      this.#release = null;
      ended.abort();
    }
  }
}
