/** A download that is not whole yet: a file that grows, and the digest of what is in it. */
import { createHash, type Hash } from "node:crypto";

export class PartialDownload {
  readonly #file: Deno.FsFile;
  #hash: Hash;
  #bytes: number;

  private constructor(file: Deno.FsFile, { hash, bytes }: { hash: Hash; bytes: number }) {
    this.#file = file;
    this.#hash = hash;
    this.#bytes = bytes;
  }

  /** What an earlier attempt left is read once, so that the digest goes on from there. Close it with `using`. */
  static async open(path: string): Promise<PartialDownload> {
    const file = await Deno.open(path, { read: true, write: true, create: true, mode: 0o600 });
    try {
      const hash = createHash("sha256");
      const buffer = new Uint8Array(256 * 1024);
      let bytes = 0;
      for (let count = await file.read(buffer); count !== null; count = await file.read(buffer)) {
        hash.update(buffer.subarray(0, count));
        bytes += count;
      }
      return new PartialDownload(file, { hash, bytes });
    } catch (error) {
      file.close();
      throw error;
    }
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** 64 hexadecimal digits, lower case, of what is in it now. */
  digest(): string {
    return this.#hash.copy().digest("hex");
  }

  async append(chunk: Uint8Array): Promise<void> {
    for (let at = 0; at < chunk.length;) at += await this.#file.write(chunk.subarray(at));
    this.#hash.update(chunk);
    this.#bytes += chunk.length;
  }

  /** Empty again. */
  async restart(): Promise<void> {
    await this.#file.truncate(0);
    await this.#file.seek(0, Deno.SeekMode.Start);
    this.#hash = createHash("sha256");
    this.#bytes = 0;
  }

  /** Resolves when everything is on disk. */
  async sync(): Promise<void> {
    await this.#file.sync();
  }

  [Symbol.dispose](): void {
    this.#file.close();
  }
}
