/** What Docker sends piece by piece, put together again: lines of JSON, and the two outputs of a program in one stream. */

type Bytes = Uint8Array<ArrayBuffer>;

/** Lines that are no JSON are left out. */
export async function* jsonLines<T>(chunks: AsyncIterable<Bytes>): AsyncGenerator<T, void, undefined> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of chunks) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) yield* parsed<T>(line);
  }
  yield* parsed<T>(rest);
}

export interface Frame {
  stream: "stdout" | "stderr";
  payload: Bytes;
}

/**
 * Eight bytes in front of each piece: which output, three zeros, length (big-endian).
 * https://docs.docker.com/reference/api/engine/version/v1.41/#tag/Container/operation/ContainerAttach
 */
export async function* frames(chunks: AsyncIterable<Bytes>): AsyncGenerator<Frame, void, undefined> {
  let rest: Bytes = new Uint8Array(0);
  for await (const chunk of chunks) {
    rest = rest.length === 0 ? chunk : joined(rest, chunk);
    let at = 0;
    while (rest.length - at >= 8) {
      const length = new DataView(rest.buffer, rest.byteOffset + at).getUint32(4);
      if (rest.length - at - 8 < length) break;
      yield { stream: rest[at] === 1 ? "stdout" : "stderr", payload: rest.subarray(at + 8, at + 8 + length) };
      at += 8 + length;
    }
    rest = rest.subarray(at);
  }
}

function* parsed<T>(line: string): Generator<T, void, undefined> {
  if (line.trim() === "") return;
  try {
    yield JSON.parse(line) as T;
  } catch {
    // A line cut by the end of the connection; that end is told by the stream itself.
  }
}

function joined(a: Bytes, b: Bytes): Bytes {
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}
