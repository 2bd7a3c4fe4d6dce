/** An object that lies in a file of its own, as young ones do: https://git-scm.com/book/en/v2/Git-Internals-Git-Objects */
import { join } from "node:path";

/** Of commits and tags, which are small, the head says all that is asked here. */
const HEAD_BYTES = 4096;

/** Its type and the beginning of its text; null when it is not there by itself. */
export async function looseObject(gitdir: string, id: string): Promise<{ type: string; text: string } | null> {
  try {
    using file = await Deno.open(join(gitdir, "objects", id.slice(0, 2), id.slice(2)));
    const packed = new Uint8Array(HEAD_BYTES);
    const count = await file.read(packed) ?? 0;
    const text = await inflatedHead(packed.subarray(0, count));
    const [, type] = /^([a-z]+) \d+\0/.exec(text) ?? [];
    return type === undefined ? null : { type, text: text.slice(text.indexOf("\0") + 1) };
  } catch {
    return null;
  }
}

/** What of it is there, when it is only the beginning. */
async function inflatedHead(packed: Uint8Array<ArrayBuffer>): Promise<string> {
  const stream = new DecompressionStream("deflate");
  const writer = stream.writable.getWriter();
  writer.write(packed).then(() => writer.close()).catch(() => {});
  let text = "";
  try {
    for await (const bytes of stream.readable) text += new TextDecoder("latin1").decode(bytes as Uint8Array);
  } catch {
    // It was cut off on purpose.
  }
  return text;
}
