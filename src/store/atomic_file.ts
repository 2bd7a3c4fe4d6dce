/**
 * Files that survive a power cut: written beside, synced, renamed, the folder synced. A file is always whole: the old
 * one or the new one.
 */
import { dirname } from "node:path";

/** One writer at a time for a path; without this a second rename finds the temporary file of the first gone. */
const chains = new Map<string, Promise<void>>();

/** Resolves when the text is on disk. Readable by the owner alone. */
export function writeAtomic(path: string, text: string): Promise<void> {
  const before = chains.get(path) ?? Promise.resolve();
  const write = before.catch(() => {}).then(() => replace(path, text));
  chains.set(path, write);
  const forget = () => {
    if (chains.get(path) === write) chains.delete(path);
  };
  write.then(forget, forget);
  return write;
}

async function replace(path: string, text: string): Promise<void> {
  const temporary = `${path}.tmp`;
  const file = await Deno.open(temporary, { write: true, create: true, truncate: true, mode: 0o600 });
  try {
    const bytes = new TextEncoder().encode(text);
    for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
    await file.sync();
  } finally {
    file.close();
  }
  await Deno.rename(temporary, path);
  await syncFolder(dirname(path));
}

/** Makes renames and removals in the folder durable. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await Deno.open(path, { read: true });
  try {
    await folder.sync();
  } finally {
    folder.close();
  }
}
