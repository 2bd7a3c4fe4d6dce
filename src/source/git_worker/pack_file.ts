/** A pack as it arrives: written as it comes, and known to be whole by the checksum at its end. */
import { createHash, type Hash } from "node:crypto";
import type { SpaceCheck } from "../../os/disk_reserve.ts";
import { concat } from "../../model/bytes.ts";
import { damaged } from "../git_failure.ts";

/** SHA-1 of all before it. */
const TRAILER_BYTES = 20;

export class PackFile implements AsyncDisposable {
  readonly #hash: Hash = createHash("sha1");
  /** The last bytes so far: they may be the checksum. */
  #tail: Uint8Array = new Uint8Array();
  /** Of all that was written. */
  bytes = 0;

  readonly #space: SpaceCheck;

  private constructor(readonly url: string, space: SpaceCheck, readonly file: Deno.FsFile) {
    this.#space = space;
  }

  static async create(path: string, { url, space }: { url: string; space: SpaceCheck }): Promise<PackFile> {
    return new PackFile(url, space, await Deno.open(path, { write: true, createNew: true }));
  }

  /** Throws a `Failure` before it writes what would not leave enough free space. */
  async write(chunk: Uint8Array): Promise<void> {
    await this.#space.before(chunk.length);
    const all = concat([this.#tail, chunk]);
    const kept = Math.max(0, all.length - TRAILER_BYTES);
    this.#hash.update(all.subarray(0, kept));
    this.#tail = all.subarray(kept);
    for (let at = 0; at < chunk.length;) at += await this.file.write(chunk.subarray(at));
    this.bytes += chunk.length;
  }

  /** Throws a `Failure` when what was written is no whole pack. */
  finish(): void {
    const message = Array.from(this.#tail, (byte) => byte.toString(16).padStart(2, "0")).join("");
    if (this.bytes <= TRAILER_BYTES || this.#hash.digest("hex") !== message) {
      throw damaged(this.url, "its checksum does not match");
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.file.close();
  }
}
