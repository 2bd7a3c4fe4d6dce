/**
 * JSON files with a schema version. What can't be read is set aside under another name and reported, never trusted and
 * never deleted: a torn file after a power cut, a file of a newer version after a downgrade.
 */
import { logger } from "../log.ts";
import { writeAtomic } from "./atomic_file.ts";

const log = logger("store");

export interface Format<T> {
  /** Raised when an older daemon would misread the file. */
  version: number;
  /** The value, or null when the parsed JSON is not of this shape. */
  check(value: unknown): T | null;
}

/** The value, or null when there is none that can be trusted. */
export async function readVersioned<T>(path: string, format: Format<T>): Promise<T | null> {
  let text: string;
  try {
    text = await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
  const found = parse(text);
  const value = found !== null && found.version === format.version ? format.check(found.value) : null;
  if (value !== null) return value;
  const aside = `${path}.aside-${found?.version ?? "torn"}`;
  await Deno.rename(path, aside);
  log.warn('"{path}" can not be read; it was set aside as "{aside}"', { path, aside });
  return null;
}

export async function writeVersioned<T>(path: string, format: Format<T>, value: T): Promise<void> {
  await writeAtomic(path, `${JSON.stringify({ version: format.version, value }, null, 1)}\n`);
}

function parse(text: string): { version: number; value: unknown } | null {
  try {
    const parsed: unknown = JSON.parse(text);
    if (parsed === null || typeof parsed !== "object" || !("version" in parsed) || !("value" in parsed)) return null;
    return typeof parsed.version === "number" ? { version: parsed.version, value: parsed.value } : null;
  } catch {
    return null;
  }
}
