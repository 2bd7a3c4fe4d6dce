/** Chance that can be repeated: the same seed gives the same numbers (mulberry32, a public domain generator). */
export class Random {
  #state: number;

  constructor(readonly seed: number) {
    this.#state = seed >>> 0;
  }

  /** From SEED in the environment, else another one each time. */
  static fromEnvironment(): Random {
    const seed = Deno.env.get("SEED");
    return new Random(seed === undefined ? crypto.getRandomValues(new Uint32Array(1))[0]! : Number(seed));
  }

  /** At least 0, below `end`. */
  below(end: number): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32 * end;
  }

  /** A whole number, both ends included. */
  whole(from: number, to: number): number {
    return from + Math.floor(this.below(to - from + 1));
  }

  pick<T>(choices: readonly T[]): T {
    return choices[this.whole(0, choices.length - 1)]!;
  }
}
