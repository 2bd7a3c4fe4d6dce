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
  try {
    await write(temporary, text);
    await Deno.rename(temporary, path);
  } catch (error) {
    // On a full disk it would take what the next write needs.
    await Deno.remove(temporary).catch(() => {});
    throw error;
  }
  await syncDirectory(dirname(path));
}

async function write(path: string, text: string): Promise<void> {
  using file = await Deno.open(path, { write: true, create: true, truncate: true, mode: 0o600 });
  const bytes = new TextEncoder().encode(text);
  for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
  await file.sync();
}

/** By folder, the sync that has begun, and the one after it: whoever comes too late for the first shares the second. */
const begun = new Map<string, Promise<void>>();
const waiting = new Map<string, Promise<void>>();

/**
 * Makes renames and removals in the folder durable. Many at once share one sync that begins after all of them: it costs
 * tens of milliseconds on an SD card.
 */
export function syncDirectory(path: string): Promise<void> {
  const joined = waiting.get(path);
  if (joined !== undefined) return joined;
  const before = begun.get(path) ?? Promise.resolve();
  const sync = before.catch(() => {}).then(() => {
    waiting.delete(path);
    begun.set(path, sync);
    return syncNow(path);
  });
  waiting.set(path, sync);
  const forget = () => {
    if (begun.get(path) === sync) begun.delete(path);
  };
  sync.then(forget, forget);
  return sync;
}

async function syncNow(path: string): Promise<void> {
  const folder = await Deno.open(path, { read: true });
  try {
    await folder.sync();
  } finally {
    folder.close();
  }
}
