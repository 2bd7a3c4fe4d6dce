/** How often somebody may fail to prove a secret: whoever guesses is slowed down, and cannot fill the list of deliveries. */

const PER_WINDOW = 10;
const WINDOW_MS = 60_000;
/** Of visitors that are remembered: a flood from everywhere must not cost memory. */
const MAX_VISITORS = 1000;

export class RateLimit {
  readonly #failures = new Map<string, number[]>();

  /**
   * Counts a failure. Returns 0 while there were few, else after how many seconds the next one counts again. `now` in
   * milliseconds of a clock that only goes forward.
   */
  failed(visitor: string, now: number): number {
    const recent = (this.#failures.get(visitor) ?? []).filter((at) => now - at < WINDOW_MS);
    const isOver = recent.length >= PER_WINDOW;
    if (!isOver) recent.push(now);
    // The one that was seen last is the last to be forgotten.
    this.#failures.delete(visitor);
    this.#failures.set(visitor, recent);
    if (this.#failures.size > MAX_VISITORS) this.#failures.delete(this.#failures.keys().next().value!);
    return isOver ? Math.max(1, Math.ceil((recent[0]! + WINDOW_MS - now) / 1000)) : 0;
  }
}
