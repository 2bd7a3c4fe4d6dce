/** A tar archive (POSIX ustar) of a few files in memory: what Docker imports as an image's root folder. */

export type TarEntry =
  | { path: string; content: Uint8Array; mode?: number }
  | { path: string; linkTo: string }
  | { path: string; folder: true; mode?: number };

const BLOCK = 512;

/** Paths are relative, with "/" between names, and at most 100 bytes long. Everything belongs to root, dated 1970. */
export function tar(entries: readonly TarEntry[]): Uint8Array<ArrayBuffer> {
  const blocks = entries.flatMap((entry) =>
    "content" in entry ? [header(entry), padded(entry.content)] : [header(entry)]
  );
  const whole = new Uint8Array(blocks.reduce((sum, block) => sum + block.length, 0) + 2 * BLOCK);
  let at = 0;
  for (const block of blocks) {
    whole.set(block, at);
    at += block.length;
  }
  return whole;
}

function header(entry: TarEntry): Uint8Array {
  const block = new Uint8Array(BLOCK);
  const text = (at: number, value: string) => block.set(new TextEncoder().encode(value), at);
  const octal = (at: number, value: number, digits: number) => text(at, value.toString(8).padStart(digits, "0"));
  const type = "content" in entry ? "0" : "linkTo" in entry ? "2" : "5";
  const mode = "linkTo" in entry ? 0o777 : entry.mode ?? (type === "5" ? 0o755 : 0o644);
  if (new TextEncoder().encode(entry.path).length > 100) throw new Error(`path too long for tar: ${entry.path}`);
  text(0, entry.path);
  octal(100, mode, 7);
  octal(108, 0, 7);
  octal(116, 0, 7);
  octal(124, "content" in entry ? entry.content.length : 0, 11);
  octal(136, 0, 11);
  text(148, " ".repeat(8));
  text(156, type);
  if ("linkTo" in entry) text(157, entry.linkTo);
  text(257, "ustar\0" + "00");
  octal(148, block.reduce((sum, byte) => sum + byte, 0), 6);
  block[154] = 0;
  return block;
}

function padded(content: Uint8Array): Uint8Array {
  const block = new Uint8Array(Math.ceil(content.length / BLOCK) * BLOCK);
  block.set(content);
  return block;
}
