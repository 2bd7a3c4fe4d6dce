/** What every program that Deno compiles costs: the runtime in front of it, and the start of one that only answers. */
import { join } from "node:path";
import { runDeno } from "../support/compile/deno.ts";
import { COMPILE_FLAGS } from "../support/compile/flags.ts";

/** The last 24 bytes of a compiled executable: a mark, a hash, and how much of it is not the runtime (little endian). */
const TRAILER_BYTES = 24;
const MARK = "d3n0l4nd";

/** Bytes of the runtime inside; null when the executable is not as `deno compile` of 2.7 writes it. */
export async function runtimeBytes(executable: string): Promise<number | null> {
  using file = await Deno.open(executable);
  const { size } = await file.stat();
  const trailer = new Uint8Array(TRAILER_BYTES);
  await file.seek(-TRAILER_BYTES, Deno.SeekMode.End);
  await file.read(trailer);
  if (new TextDecoder().decode(trailer.subarray(0, MARK.length)) !== MARK) return null;
  return size - Number(new DataView(trailer.buffer).getBigUint64(16, true));
}

const PAGE =
  'Deno.serve({ hostname: "127.0.0.1", port: Number(Deno.args[0]), onListen() {} }, () => new Response("x"));\n';

/**
 * Compiles, into the folder, a program that serves a page of one letter, with the flags of ours. Null where the Deno that
 * runs this cannot compile.
 */
export async function bareServer(dir: string): Promise<string | null> {
  const source = join(dir, "bare.js");
  const path = join(dir, "bare");
  await Deno.writeTextFile(source, PAGE);
  try {
    await runDeno(dir, ["compile", "--quiet", ...COMPILE_FLAGS, "--output", path, source]);
    return path;
  } catch {
    return null;
  }
}
