/** [pure] Bytes, in whatever pieces they come, to lines. */

/** As the contract of runtimes says; what is longer is cut in reading, never in the file. */
const LINE_BYTES = 16 * 1024;
const NEWLINE = 10;

export class LineSplitter {
  #pieces: Uint8Array[] = [];
  #length = 0;
  #skipping: boolean;

  /** `torn`: the bytes begin in the middle of a line, which is left out. */
  constructor({ torn }: { torn: boolean }) {
    this.#skipping = torn;
  }

  /** The lines that `bytes` complete. Bytes that are no UTF-8 become U+FFFD. Holds no more than one cut line. */
  push(bytes: Uint8Array): string[] {
    const lines: string[] = [];
    for (let at = 0; at < bytes.length;) {
      const end = bytes.indexOf(NEWLINE, at);
      this.#keep(bytes.subarray(at, end < 0 ? bytes.length : end));
      if (end < 0) break;
      if (!this.#skipping) lines.push(this.#take());
      this.#skipping = false;
      at = end + 1;
    }
    return lines;
  }

  /** What came after the last line end; null when nothing did. */
  rest(): string | null {
    return this.#length === 0 ? null : this.#take();
  }

  #keep(bytes: Uint8Array): void {
    const piece = bytes.subarray(0, LINE_BYTES - this.#length);
    if (this.#skipping || piece.length === 0) return;
    this.#pieces.push(piece.slice());
    this.#length += piece.length;
  }

  #take(): string {
    const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
    const text = this.#pieces.map((piece) => decoder.decode(piece, { stream: true })).join("") + decoder.decode();
    this.#pieces = [];
    this.#length = 0;
    return text.replace(/\r$/, "");
  }
}
