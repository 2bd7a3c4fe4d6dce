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

/** What a terminal shows, cut at ends of lines, each with its end. Of a line without one, `longest` bytes are kept. */
export async function* terminalLines(
  chunks: AsyncIterable<Bytes>,
  longest: number,
): AsyncGenerator<Frame, void, undefined> {
  let rest: Bytes = new Uint8Array(0);
  for await (const chunk of chunks) {
    let from = 0;
    for (let end = chunk.indexOf(0x0a); end >= 0; end = chunk.indexOf(0x0a, from)) {
      const piece = chunk.subarray(from, end + 1);
      yield { stream: "stdout", payload: rest.length === 0 ? piece : joined(rest, piece) };
      rest = new Uint8Array(0);
      from = end + 1;
    }
    rest = joined(rest, chunk.subarray(from, from + Math.max(0, longest - rest.length)));
  }
  if (rest.length > 0) yield { stream: "stdout", payload: rest };
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
