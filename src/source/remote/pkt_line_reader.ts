/** git's packets: https://git-scm.com/docs/gitprotocol-common#_pkt_line_format */
import { concat } from "../../model/bytes.ts";
import { damaged } from "../git_failure.ts";

export type PktLine =
  | { type: "data"; data: Uint8Array }
  | { type: "flush" }
  | { type: "delimiter" };

/** Packets out of a stream of bytes. Reads no further than the packet that is asked for needs. */
export class PktLineReader {
  readonly #chunks: AsyncIterator<Uint8Array>;
  #rest: Uint8Array = new Uint8Array();

  constructor(chunks: AsyncIterator<Uint8Array>, readonly url: string) {
    this.#chunks = chunks;
  }

  /** Throws a `Failure` where the stream ends, or holds something else. */
  async next(): Promise<PktLine> {
    const head = new TextDecoder("latin1").decode(await this.#take(4));
    const size = /^[0-9a-f]{4}$/i.test(head) ? Number.parseInt(head, 16) : NaN;
    if (size === 0) return { type: "flush" };
    if (size === 1) return { type: "delimiter" };
    if (!(size >= 4)) throw damaged(this.url, "it is not git's protocol");
    return { type: "data", data: await this.#take(size - 4) };
  }

  /** The next packet as a line; null for one without data. Throws what a server says in an ERR packet. */
  async line(): Promise<string | null> {
    const packet = await this.next();
    if (packet.type !== "data") return null;
    const text = new TextDecoder().decode(packet.data).replace(/\n$/, "");
    if (text.startsWith("ERR ")) throw new ServerError(text.slice(4).trim());
    return text;
  }

  /** What follows the last packet must be nothing. */
  async end(): Promise<void> {
    if (this.#rest.length > 0 || !(await this.#chunks.next()).done) {
      throw damaged(this.url, "more came than was asked for");
    }
  }

  async #take(size: number): Promise<Uint8Array> {
    while (this.#rest.length < size) {
      const { done, value } = await this.#chunks.next();
      if (done) throw damaged(this.url, "it ended before it was whole");
      this.#rest = this.#rest.length === 0 ? value : concat([this.#rest, value]);
    }
    const taken = this.#rest.subarray(0, size);
    this.#rest = this.#rest.subarray(size);
    return taken;
  }
}

/** What a server said instead of an answer, in its own words. */
export class ServerError extends Error {
  override readonly name = "ServerError";
}
