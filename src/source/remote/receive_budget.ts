/** Bytes that all conversations of one fetch may receive together. */
export class ReceiveBudget {
  readonly bytes: number;
  #received = 0;

  constructor(bytes: number) {
    this.bytes = bytes;
  }

  /** Bytes received so far. */
  get received(): number {
    return this.#received;
  }

  /** Counts received bytes. Returns whether the budget is exceeded. */
  exceededBy(bytes: number): boolean {
    this.#received += bytes;
    return this.#received > this.bytes;
  }
}
