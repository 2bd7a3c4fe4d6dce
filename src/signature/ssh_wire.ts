/** Bytes as SSH writes them (RFC 4251, section 5), and base64. Strict: of each value there is one form that is read. */

/** What is not as its format says. The message goes on after the name of what was read: "ends too early". */
export class Malformed extends Error {
  override readonly name = "Malformed";
}

/** Reads one value after the other; each throws `Malformed` where there is none. */
export class WireReader {
  #at = 0;

  constructor(readonly bytes: Uint8Array) {}

  byte(): number {
    return this.take(1)[0]!;
  }

  uint32(): number {
    const [a, b, c, d] = this.take(4);
    return ((a! << 24) | (b! << 16) | (c! << 8) | d!) >>> 0;
  }

  string(): Uint8Array {
    return this.take(this.uint32());
  }

  /** A string of printable ASCII, as names are. */
  name(): string {
    const text = latin1(this.string());
    if (!/^[\x21-\x7e]{0,100}$/.test(text)) throw new Malformed("holds a name that cannot be one");
    return text;
  }

  /** A whole number above zero, without the zero byte that keeps it from being negative. */
  natural(): Uint8Array {
    const bytes = this.string();
    const [first = 0, second = 0] = bytes;
    const isShortest = first !== 0 || (bytes.length > 1 && second >= 0x80);
    if (bytes.length === 0 || first >= 0x80 || !isShortest) {
      throw new Malformed("holds a number that is not well-formed");
    }
    return first === 0 ? bytes.subarray(1) : bytes;
  }

  take(count: number): Uint8Array {
    if (count > this.bytes.length - this.#at) throw new Malformed("ends too early");
    return this.bytes.subarray(this.#at, this.#at += count);
  }

  end(): void {
    if (this.#at < this.bytes.length) throw new Malformed("has something after its end");
  }
}

/** As SSH writes a string: its length, then its bytes. */
export function wireString(value: string | Uint8Array): Uint8Array {
  const bytes = typeof value === "string" ? new TextEncoder().encode(value) : value;
  const all = new Uint8Array(4 + bytes.length);
  new DataView(all.buffer).setUint32(0, bytes.length);
  all.set(bytes, 4);
  return all;
}

/** Null for anything but the one way in which these bytes are written, without line ends. */
export function fromBase64(text: string): Uint8Array | null {
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(text)) return null;
  try {
    const bytes = Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
    return toBase64(bytes) === text ? bytes : null;
  } catch {
    return null;
  }
}

export function toBase64(bytes: Uint8Array): string {
  return btoa(latin1(bytes));
}

/** One character a byte. */
export function latin1(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}
