/** Archives that no ordinary tool would make. Written by hand, so that they say exactly what a test wants to be said. */

export interface RawEntry {
  name: string;
  content?: Uint8Array<ArrayBuffer>;
  /** tar's type flag: "0" file, "1" hard link, "2" symbolic link, "3" device, "5" folder, "x" pax header. */
  flag?: string;
  link?: string;
  mode?: number;
  /** Announced in the place of the content's own length. */
  size?: number;
}

const BLOCK = 512;
const encoder = new TextEncoder();
const bytesOf = (text: string) => encoder.encode(text);

/** pax_format in tar(5), the plain half of it. */
export function rawTar(entries: readonly RawEntry[]): Uint8Array<ArrayBuffer> {
  const blocks = entries.flatMap((entry) => {
    const { name, content = new Uint8Array(), flag = "0", link = "", mode = 0o644, size = content.length } = entry;
    const header = new Uint8Array(BLOCK);
    const text = (at: number, value: string) => header.set(bytesOf(value), at);
    text(0, name);
    text(100, mode.toString(8).padStart(7, "0"));
    text(124, size.toString(8).padStart(11, "0"));
    text(136, "0".repeat(11));
    text(148, " ".repeat(8));
    text(156, flag);
    text(157, link);
    text(257, "ustar\0" + "00");
    let sum = 0;
    for (let at = 0; at < BLOCK; at++) sum += header[at]!;
    text(148, sum.toString(8).padStart(6, "0") + "\0");
    const body = new Uint8Array(Math.ceil(content.length / BLOCK) * BLOCK);
    body.set(content);
    return [header, body];
  });
  return joined([...blocks, new Uint8Array(2 * BLOCK)]);
}

/** A record of a pax header, whose length counts itself. */
export function paxRecord(key: string, value: string): Uint8Array<ArrayBuffer> {
  const rest = ` ${key}=${value}\n`;
  let length = rest.length + 1;
  while (`${length}${rest}`.length !== length) length++;
  return bytesOf(`${length}${rest}`);
}

export interface RawZipEntry {
  name: string;
  content?: Uint8Array<ArrayBuffer>;
  /** Of Unix, with the bits of the file's type; null: made elsewhere. */
  mode?: number | null;
  size?: number;
  encrypted?: boolean;
}

/** APPNOTE.TXT 4.3: local headers with deflated content, the central directory, its end. */
export async function rawZip(entries: readonly RawZipEntry[]): Promise<Uint8Array<ArrayBuffer>> {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  const central: Uint8Array<ArrayBuffer>[] = [];
  let offset = 0;
  for (const { name, content = new Uint8Array(), mode = 0o100644, size = content.length, encrypted } of entries) {
    const packed = await through(content, new CompressionStream("deflate-raw"));
    const flags = encrypted === true ? 1 : 0;
    const common = [
      [20, 2],
      [flags, 2],
      [8, 2],
      [0, 4],
      [crc32(content), 4],
      [packed.length, 4],
      [size, 4],
      [bytesOf(name).length, 2],
      [0, 2],
    ] as const;
    const local = joined([numbers([[0x04034b50, 4], ...common]), bytesOf(name), packed]);
    const origin = mode === null ? 20 : (3 << 8) | 20;
    const attributes = mode === null ? 0 : mode * 0x10000;
    const tail = [[0, 2], [0, 2], [0, 2], [attributes, 4], [offset, 4]] as const;
    central.push(numbers([[0x02014b50, 4], [origin, 2], ...common, ...tail]), bytesOf(name));
    parts.push(local);
    offset += local.length;
  }
  const directory = joined(central);
  const end = numbers([
    [0x06054b50, 4],
    [0, 2],
    [0, 2],
    [entries.length, 2],
    [entries.length, 2],
    [directory.length, 4],
    [offset, 4],
    [0, 2],
  ]);
  return joined([...parts, directory, end]);
}

export async function gzip(content: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  return await through(content, new CompressionStream("gzip"));
}

async function through(content: Uint8Array<ArrayBuffer>, stream: CompressionStream): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await new Response(new Blob([content]).stream().pipeThrough(stream)).arrayBuffer());
}

function numbers(values: readonly (readonly [value: number, bytes: 2 | 4])[]): Uint8Array<ArrayBuffer> {
  const view = new DataView(new ArrayBuffer(values.reduce((sum, [, bytes]) => sum + bytes, 0)));
  let at = 0;
  for (const [value, bytes] of values) {
    if (bytes === 2) view.setUint16(at, value, true);
    else view.setUint32(at, value >>> 0, true);
    at += bytes;
  }
  return new Uint8Array(view.buffer);
}

function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ ((crc & 1) * 0xedb88320);
  return crc;
});

/** IEEE 802.3, as zip wants it. */
function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (let at = 0; at < bytes.length; at++) crc = (crc >>> 8) ^ CRC_TABLE[(crc ^ bytes[at]!) & 0xff]!;
  return ~crc >>> 0;
}
