/**
 * JSON files with a format version. What cannot be read is set aside under another name and reported, never trusted,
 * never overwritten and never deleted: a torn file after a power cut, a file of a newer format after a way back.
 *
 * A file of another format lies beside as `FILE.aside-FORMAT`: the newer one that an older daemon found, and the older
 * one from which a newer daemon raised it. So whichever of two builds runs in the end has what it can read.
 */
import { diskFault } from "../failure.ts";
import { logger } from "../log.ts";
import { VERSION } from "../version.ts";
import { writeAtomic } from "./atomic_file.ts";

const log = logger("store");

export interface Format<T> {
  /** Raised when an older daemon would misread the file. */
  version: number;
  /** By the format that is there, how it becomes the next one; each is tried before `check`. Absent where there was none. */
  raise?: Readonly<Record<number, (value: unknown) => unknown>>;
  /** The value, or null when the parsed JSON is not of this shape. */
  check(value: unknown): T | null;
  /** Returns what `check` reads back as `value`. Omit where the JSON has the shape of the value. */
  encode?(value: T): unknown;
}

/** A file of a newer format, which was set aside. */
export interface NewerFile {
  path: string;
  aside: string;
  /** Of the HarborNode that wrote it; null where it does not say. */
  by: string | null;
  found: number;
  known: number;
}

/** Since the process began. */
const newer: NewerFile[] = [];

export function newerFiles(): readonly NewerFile[] {
  return newer;
}

/** By path, the format of what is on disk, where it is older than ours: kept beside before it is written over. */
const older = new Map<string, number>();

/** By path, the name under which a file must be set aside before it is written over, because the disk refused that once. */
const keptAside = new Map<string, string>();

/**
 * Returns the value, or null when there is none that can be trusted. Writes nothing: an older format is raised by the
 * next write. A disk that refuses to rename or to read costs the value, and never throws.
 */
export async function readVersioned<T>(path: string, format: Format<T>): Promise<T | null> {
  const own = `${path}.aside-${format.version}`;
  const text = await textOrNull(path);
  const there = text === null ? null : read(text, format);
  if (there?.value === undefined && text !== null) await setAside(path, { text, known: format.version });
  const beside = await textOrNull(own);
  // Not while ours is there: what lies beside is then what was left of an earlier way back.
  const isWanted = beside !== null && there?.version !== format.version &&
    (there?.value === undefined || await isWrittenLater(own, path));
  const kept = isWanted ? read(beside, format) : null;
  if (kept?.value !== undefined) {
    // On a read-only disk it counts all the same.
    await Deno.rename(own, path).then(() => keptAside.delete(path), (error) => refused(path, error));
    older.delete(path);
    return kept.value;
  }
  if (there?.value === undefined) return null;
  if (there.version < format.version) older.set(path, there.version);
  return there.value;
}

/** Rejects when the disk refuses; `StateDisk` is what writes state, and never does. */
export async function writeVersioned<T>(path: string, format: Format<T>, value: T): Promise<void> {
  await setAsideLate(path);
  const before = older.get(path);
  if (before !== undefined) await keepBeside(path, `${path}.aside-${before}`);
  older.delete(path);
  await writeAtomic(path, versionedText(format, value));
}

/** A file's whole text. */
export function versionedText<T>(format: Format<T>, value: T): string {
  const encoded = format.encode?.(value) ?? value;
  return `${JSON.stringify({ version: format.version, by: VERSION, value: encoded }, null, 1)}\n`;
}

/** The value of a text that `versionedText` made in this format; null for every other text. */
export function parseVersioned<T>(text: string, format: Format<T>): T | null {
  return read(text, format)?.value ?? null;
}

/** What of `path` a daemon that knows formats up to `known` could not read. Changes nothing; null for nothing. */
export async function newerThan(path: string, known: number): Promise<NewerFile | null> {
  const found = parse(await textOf(path) ?? "");
  const aside = `${path}.aside-${known}`;
  if (found === null || found.version <= known || await textOf(aside) !== null) return null;
  return { path, aside, by: found.by, found: found.version, known };
}

interface Found {
  version: number;
  by: string | null;
  value: unknown;
}

/** `value` is undefined for what cannot be read. */
function read<T>(text: string, format: Format<T>): { version: number; value: T | undefined } | null {
  const found = parse(text);
  if (found === null || found.version > format.version) return null;
  let { value } = found;
  for (let version = found.version; version < format.version; version++) {
    const raise = format.raise?.[version];
    if (raise === undefined) return null;
    value = raise(value);
  }
  return { version: found.version, value: format.check(value) ?? undefined };
}

async function setAside(path: string, { text, known }: { text: string; known: number }): Promise<void> {
  const found = parse(text);
  const aside = `${path}.aside-${found === null || found.version === known ? "torn" : found.version}`;
  await Deno.rename(path, aside).catch((error) => {
    keptAside.set(path, aside);
    refused(path, error);
  });
  if (found === null || found.version <= known) {
    log.warn('"{path}" cannot be read; it was set aside as "{aside}"', { path, aside });
    return;
  }
  const file = { path, aside, by: found.by, found: found.version, known };
  newer.push(file);
  log.warn("{message}", { message: newerSentence(file) });
}

/** What became of it, and that nothing is lost. */
export function newerSentence({ path, by, found, known }: NewerFile): string {
  const who = by === null ? "A newer HarborNode" : `HarborNode ${by}`;
  return `${who} wrote "${path}" in format ${found}, and this is ${VERSION}, which reads formats up to ${known}: ` +
    "it was set aside, and counts again with the version that wrote it";
}

/** The file stays where it is until the new one takes its place. */
async function keepBeside(path: string, beside: string): Promise<void> {
  await Deno.remove(beside).catch(() => {});
  await Deno.link(path, beside).catch((error) => {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  });
}

/** By the clock of the device: two builds took turns, and the one that wrote last knew more. */
async function isWrittenLater(path: string, than: string): Promise<boolean> {
  const [one, other] = await Promise.all([Deno.stat(path), Deno.stat(than)]);
  return (one.mtime?.getTime() ?? 0) > (other.mtime?.getTime() ?? 0);
}

/** What could not be read is set aside at last: the disk may give it back one day. */
async function setAsideLate(path: string): Promise<void> {
  const aside = keptAside.get(path);
  if (aside === undefined) return;
  await Deno.rename(path, aside).catch((error) => {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  });
  keptAside.delete(path);
}

/** The error itself, unless it is one of the disk. */
function refused(path: string, error: unknown): void {
  if (diskFault(error) === null) throw error;
  log.warn('"{path}" stays as it is: {error}', { path, error });
}

/** As `textOf`; null as well where the disk does not give it. */
async function textOrNull(path: string): Promise<string | null> {
  return await textOf(path).catch((error) => {
    refused(path, error);
    keptAside.set(path, `${path}.aside-torn`);
    return null;
  });
}

async function textOf(path: string): Promise<string | null> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

function parse(text: string): Found | null {
  try {
    const parsed: unknown = JSON.parse(text);
    if (parsed === null || typeof parsed !== "object" || !("version" in parsed) || !("value" in parsed)) return null;
    const by = "by" in parsed && typeof parsed.by === "string" ? parsed.by : null;
    return typeof parsed.version === "number" ? { version: parsed.version, by, value: parsed.value } : null;
  } catch {
    return null;
  }
}
