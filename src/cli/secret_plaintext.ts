/** What is to be encrypted: a file, stdin, or what somebody types. Never an argument, which every user of a machine sees. */
import { UsageError } from "./command.ts";

interface PlaintextOptions {
  note: (text: string) => void;
}

/** Reads no more than a secret may have, and a little. */
const MOST_BYTES = 1024 * 1024;

export async function readPlaintext(file: string | undefined, options: PlaintextOptions): Promise<Uint8Array> {
  if (file !== undefined && file !== "-") {
    return await Deno.readFile(file).catch((error) => {
      throw new UsageError(`"${file}" cannot be read: ${error instanceof Error ? error.message : error}`);
    });
  }
  if (Deno.stdin.isTerminal()) return await typed(options);
  const bytes: number[] = [];
  for await (const chunk of Deno.stdin.readable) {
    for (const byte of chunk) bytes.push(byte);
    if (bytes.length > MOST_BYTES) break;
  }
  return Uint8Array.from(bytes);
}

const ENTER = ["\r", "\n", "\x04"];
const BACKSPACE = ["\x7f", "\b"];
const CTRL_C = "\x03";

/** One line, without echo. */
async function typed({ note }: PlaintextOptions): Promise<Uint8Array> {
  note("Type the secret, then Enter; it is not shown:");
  Deno.stdin.setRaw(true);
  const characters: string[] = [];
  const decoder = new TextDecoder();
  const buffer = new Uint8Array(1024);
  try {
    while (true) {
      const count = await Deno.stdin.read(buffer);
      if (count === null) break;
      for (const character of decoder.decode(buffer.subarray(0, count), { stream: true })) {
        if (character === CTRL_C) throw new UsageError("nothing was encrypted");
        if (ENTER.includes(character)) return new TextEncoder().encode(characters.join(""));
        if (BACKSPACE.includes(character)) characters.pop();
        else characters.push(character);
      }
    }
    return new TextEncoder().encode(characters.join(""));
  } finally {
    Deno.stdin.setRaw(false);
  }
}
