import assert from "node:assert/strict";
import * as fc from "fast-check";
import { frames, jsonLines } from "../../../src/runtime/docker/log_stream.ts";

const encode = (text: string) => new TextEncoder().encode(text);

/** The same bytes, cut at other places. */
async function* cut(bytes: Uint8Array<ArrayBuffer>, sizes: number[]) {
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const size = sizes[turn % sizes.length]!;
    yield bytes.slice(at, at + size);
    at += size;
  }
}

function framed(pieces: { stream: "stdout" | "stderr"; text: string }[]): Uint8Array<ArrayBuffer> {
  return new Uint8Array(pieces.flatMap(({ stream, text }) => {
    const payload = encode(text);
    const head = new Uint8Array(8);
    head[0] = stream === "stdout" ? 1 : 2;
    new DataView(head.buffer).setUint32(4, payload.length);
    return [...head, ...payload];
  }));
}

const sizes = fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 5 });

Deno.test("frames are the same wherever the connection cut them", async () => {
  const piece = fc.record({ stream: fc.constantFrom("stdout" as const, "stderr" as const), text: fc.string() });
  await fc.assert(fc.asyncProperty(fc.array(piece), sizes, async (pieces, sizes) => {
    const seen = (await Array.fromAsync(frames(cut(framed(pieces), sizes))))
      .map(({ stream, payload }) => ({ stream, text: new TextDecoder().decode(payload) }));
    assert.deepEqual(seen, pieces.map(({ stream, text }) => ({ stream, text })));
  }));
});

Deno.test("lines of JSON are the same wherever the connection cut them, also inside a character", async () => {
  const values = fc.array(fc.record({ text: fc.string({ unit: "binary" }) }));
  await fc.assert(fc.asyncProperty(values, sizes, async (values, sizes) => {
    const bytes = encode(values.map((value) => `${JSON.stringify(value)}\r\n`).join(""));
    assert.deepEqual(await Array.fromAsync(jsonLines(cut(bytes, sizes))), JSON.parse(JSON.stringify(values)));
  }));
});

Deno.test("a line of JSON that was cut off is left out", async () => {
  assert.deepEqual(await Array.fromAsync(jsonLines(cut(encode('{"a":1}\n{"a":'), [3]))), [{ a: 1 }]);
});
