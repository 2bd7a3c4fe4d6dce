/**
 * The objects of a pack that was just received: https://git-scm.com/docs/pack-format. Every id is computed from what
 * the pack holds, so that an object is what its id says, or is not there.
 */
import { createHash } from "node:crypto";
import { inflateSync } from "node:zlib";
import { damaged } from "../git_failure.ts";
import { MAX_CONTENT_BYTES } from "../limits.ts";
import { applyDelta } from "./delta.ts";
import type { GitObject, ObjectType } from "./object_store.ts";

const TYPES: Record<number, ObjectType> = { 1: "commit", 2: "tree", 3: "blob", 4: "tag" };
const [OFFSET_DELTA, ID_DELTA] = [6, 7];

/** git itself makes chains of at most 4095. */
const MAX_CHAIN = 5000;

/** Of objects that others are told by. Chains go back and forth between neighbours, and find them here. */
const KEPT_BYTES = 32 * 1024 * 1024;

interface Header {
  type: number;
  /** Inflated. */
  size: number;
  /** Where its deflated bytes begin. */
  data: number;
  /** Offset or id of what a difference is to. */
  base: number | string | null;
}

export class Pack {
  /** Offset by id. */
  readonly #offsets = new Map<string, number>();
  readonly #kept = new Map<number, GitObject>();
  #keptBytes = 0;

  private constructor(readonly bytes: Uint8Array, readonly url: string) {}

  /** Looks through all of it. Throws a `Failure` for what is no pack. */
  static async open(file: string, url: string, progress: (message: string) => void): Promise<Pack> {
    const pack = new Pack(await Deno.readFile(file), url);
    try {
      pack.#index(progress);
    } catch (error) {
      throw error instanceof RangeError || isZlib(error)
        ? damaged(url, `a pack of it is damaged: ${error.message}`)
        : error;
    }
    return pack;
  }

  /** Null when it is not in here. */
  read(id: string): GitObject | null {
    const offset = this.#offsets.get(id);
    return offset === undefined ? null : this.#object(offset, 0);
  }

  #index(progress: (message: string) => void): void {
    const { bytes } = this;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (bytes.length < 32 || view.getUint32(0) !== 0x5041434b || ![2, 3].includes(view.getUint32(4))) {
      throw new RangeError("it does not begin as one");
    }
    const count = view.getUint32(8);
    const later: number[] = [];
    let at = 12;
    for (let n = 0; n < count; n++) {
      const header = this.#header(at);
      const { data, consumed } = this.#inflate(header);
      const type = TYPES[header.type];
      if (type === undefined) later.push(at);
      else this.#known(at, { type, data });
      at = header.data + consumed;
      progress(`indexing objects ${Math.floor((n + 1) / count * 100)} %`);
    }
    if (at !== bytes.length - 20) throw new RangeError("it has more than it says");
    this.#resolve(later);
  }

  /** Differences may be to objects that come after them: in rounds, until nothing more is found. */
  #resolve(later: number[]): void {
    for (let waiting = later; waiting.length > 0;) {
      const still = waiting.filter((offset) => {
        const { base } = this.#header(offset);
        if (typeof base === "string" && !this.#offsets.has(base)) return true;
        const object = this.#object(offset, 0);
        if (object !== null) this.#known(offset, object);
        return object === null;
      });
      if (still.length === waiting.length) throw new RangeError("what its differences are to is missing");
      waiting = still;
    }
  }

  #known(offset: number, object: GitObject): void {
    this.#offsets.set(objectId(object), offset);
    this.#keep(offset, object);
  }

  /** Null while what it is a difference to is not known. */
  #object(offset: number, depth: number): GitObject | null {
    const kept = this.#kept.get(offset);
    if (kept !== undefined) return kept;
    if (depth > MAX_CHAIN) throw new RangeError("its differences have no end");
    const header = this.#header(offset);
    const type = TYPES[header.type];
    if (type !== undefined) return { type, data: this.#inflate(header).data };
    const at = typeof header.base === "string" ? this.#offsets.get(header.base) : header.base;
    const base = at === undefined || at === null ? null : this.#object(at, depth + 1);
    if (base === null) return null;
    const data = applyDelta(base.data, this.#inflate(header).data, MAX_CONTENT_BYTES);
    const object = { type: base.type, data };
    this.#keep(offset, object);
    return object;
  }

  #keep(offset: number, object: GitObject): void {
    if (object.data.length > KEPT_BYTES / 4 || this.#kept.has(offset)) return;
    this.#kept.set(offset, object);
    this.#keptBytes += object.data.length;
    for (const [oldest, { data }] of this.#kept) {
      if (this.#keptBytes <= KEPT_BYTES) break;
      this.#kept.delete(oldest);
      this.#keptBytes -= data.length;
    }
  }

  #header(offset: number): Header {
    let at = offset;
    const next = () => {
      const byte = this.bytes[at++];
      if (byte === undefined) throw new RangeError("it ends early");
      return byte;
    };
    let byte = next();
    const type = (byte >> 4) & 7;
    let [size, factor] = [byte & 0x0f, 16];
    while (byte & 0x80) {
      byte = next();
      size += (byte & 0x7f) * factor;
      factor *= 128;
    }
    if (size > MAX_CONTENT_BYTES) throw tooLargeObject(this.url);
    if (TYPES[type] !== undefined) return { type, size, data: at, base: null };
    if (type === ID_DELTA) {
      const base = hex(this.bytes.subarray(at, at + 20));
      return { type, size, data: at + 20, base };
    }
    if (type !== OFFSET_DELTA) throw new RangeError(`it has an object of the unknown type ${type}`);
    byte = next();
    let back = byte & 0x7f;
    while (byte & 0x80) {
      byte = next();
      back = (back + 1) * 128 + (byte & 0x7f);
    }
    if (back < 1 || back > offset - 12) throw new RangeError("a difference leads out of it");
    return { type, size, data: at, base: offset - back };
  }

  /** Never more than the header says, whatever the bytes unfold to. */
  #inflate({ data, size }: Header): { data: Uint8Array; consumed: number } {
    const options = {
      info: true,
      maxOutputLength: Math.max(1, size),
      chunkSize: Math.min(Math.max(size, 1024), 1 << 20),
    };
    const { buffer, engine } = inflateSync(this.bytes.subarray(data), options) as unknown as {
      buffer: Uint8Array;
      engine: { bytesWritten: number };
    };
    if (buffer.length !== size) throw new RangeError("an object has another size than it says");
    return { data: buffer, consumed: engine.bytesWritten };
  }
}

/** https://git-scm.com/book/en/v2/Git-Internals-Git-Objects */
export function objectId({ type, data }: GitObject): string {
  return createHash("sha1").update(`${type} ${data.length}\0`).update(data).digest("hex");
}

export function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function tooLargeObject(url: string) {
  return damaged(url, `one file of it is larger than ${MAX_CONTENT_BYTES / 1024 / 1024} MiB`, {
    kind: "mistake",
    hint: "keep large files out of the repository: download them by URL",
  });
}

function isZlib(error: unknown): error is Error {
  return error instanceof Error && /^(Z_|ERR_)/.test(String((error as { code?: unknown }).code ?? ""));
}
