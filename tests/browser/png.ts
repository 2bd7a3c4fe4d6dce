/** As much of PNG (https://www.w3.org/TR/png-3/) as a picture needs that says what it shows. */
import { crc32 } from "node:zlib";

const SIGNATURE = 8;
const encoder = new TextEncoder();
const decoder = new TextDecoder("latin1");

export interface Chunk {
  type: string;
  data: Uint8Array;
}

/** Throws where it is no PNG. */
export function chunksOf(png: Uint8Array): Chunk[] {
  if (decoder.decode(png.subarray(1, 4)) !== "PNG") throw new Error("this is no PNG");
  const view = new DataView(png.buffer, png.byteOffset, png.byteLength);
  const chunks: Chunk[] = [];
  for (let at = SIGNATURE; at < png.length;) {
    const length = view.getUint32(at);
    const data = png.subarray(at + 8, at + 8 + length);
    chunks.push({ type: decoder.decode(png.subarray(at + 4, at + 8)), data });
    at += length + 12;
  }
  return chunks;
}

export function sizeOf(png: Uint8Array): { width: number; height: number } {
  const header = chunksOf(png).find(({ type }) => type === "IHDR")!.data;
  const view = new DataView(header.buffer, header.byteOffset);
  return { width: view.getUint32(0), height: view.getUint32(4) };
}

/** Null where it has none of this name. */
export function wordOf(png: Uint8Array, name: string): string | null {
  for (const { type, data } of chunksOf(png)) {
    const [key, value] = decoder.decode(data).split("\0");
    if (type === "tEXt" && key === name) return value ?? "";
  }
  return null;
}

/** The same picture, with one word in it (tEXt, Latin-1), behind its header. */
export function withWord(png: Uint8Array, name: string, value: string): Uint8Array<ArrayBuffer> {
  const body = encoder.encode(`tEXt${name}\0${value}`);
  const chunk = new Uint8Array(body.length + 8);
  const view = new DataView(chunk.buffer);
  view.setUint32(0, body.length - 4);
  chunk.set(body, 4);
  view.setUint32(body.length + 4, crc32(body));
  const behindHeader = SIGNATURE + 25;
  const whole = new Uint8Array(png.length + chunk.length);
  whole.set(png.subarray(0, behindHeader));
  whole.set(chunk, behindHeader);
  whole.set(png.subarray(behindHeader), behindHeader + chunk.length);
  return whole;
}
