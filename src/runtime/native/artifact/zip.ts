/** The entries of a zip archive, by its central directory. */
import { openPromise } from "yauzl";
import type { ArchiveEntry } from "./archive_entry.ts";

/** What is used of yauzl, which brings no types; those of @types/yauzl replace Deno's own of Node. */
interface ZipFile {
  eachEntry(): AsyncIterable<ZipEntry>;
  openReadStreamPromise(entry: ZipEntry): Promise<AsyncIterable<Uint8Array>>;
  on(event: "close" | "error", listener: () => void): void;
  close(): void;
}

interface ZipEntry {
  /** yauzl refuses those that are absolute, or have ".." in them. */
  fileName: string;
  fileNameRaw: Uint8Array;
  generalPurposeBitFlag: number;
  uncompressedSize: number;
  versionMadeBy: number;
  externalFileAttributes: number;
  isEncrypted(): boolean;
}

const open: (path: string, options: Record<string, boolean>) => Promise<ZipFile> = openPromise;

const LINK = 0o120000;
const FORMAT = 0o170000;
/** Longer than any path that Linux takes. */
const MAX_TARGET_BYTES = 4096;

/** Throws when the archive is damaged; the file is closed when it ends. */
export async function* zipEntries(path: string): AsyncGenerator<ArchiveEntry> {
  const zip = await open(path, { autoClose: false, decodeStrings: true, validateEntrySizes: true });
  const closed = new Promise<void>((resolve) => zip.on("close", resolve));
  // Who asks for an entry or a body hears of its error; one that nobody hears would end the daemon.
  zip.on("error", () => {});
  try {
    for await (const entry of zip.eachEntry()) yield await entryOf(zip, entry);
  } finally {
    zip.close();
    await closed;
  }
}

async function entryOf(zip: ZipFile, entry: ZipEntry): Promise<ArchiveEntry> {
  const path = nameOf(entry);
  const size = entry.uncompressedSize;
  const mode = unixMode(entry);
  if (path.endsWith("/")) return { type: "folder", path };
  if (entry.isEncrypted()) return { type: "other", path, what: "encrypted file" };
  const format = (mode ?? 0) & FORMAT;
  if (format === LINK) return { type: "symlink", path, target: await readTarget(zip, entry) };
  if (format !== 0 && format !== 0o100000) return { type: "other", path, what: "special file" };
  // Made where files have no such bit: then nobody knows, and a program must be able to run.
  const executable = mode === null || (mode & 0o111) !== 0;
  return { type: "file", path, size, executable, body: () => zip.openReadStreamPromise(entry) };
}

/** Zips of Unix hold names as they are on disk, and seldom say that those are UTF-8 (APPNOTE.TXT 4.4.4, bit 11). */
function nameOf(entry: ZipEntry): string {
  if (!isOfUnix(entry) || (entry.generalPurposeBitFlag & 0x800) !== 0) return entry.fileName;
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(entry.fileNameRaw);
  } catch {
    return entry.fileName;
  }
}

/** Null for an archive that does not say it (APPNOTE.TXT 4.4.15). */
function unixMode(entry: ZipEntry): number | null {
  const mode = entry.externalFileAttributes >>> 16;
  return isOfUnix(entry) && mode !== 0 ? mode : null;
}

/** APPNOTE.TXT 4.4.2. */
function isOfUnix({ versionMadeBy }: ZipEntry): boolean {
  return versionMadeBy >>> 8 === 3;
}

async function readTarget(zip: ZipFile, entry: ZipEntry): Promise<string> {
  if (entry.uncompressedSize > MAX_TARGET_BYTES) {
    throw new Error(`"${entry.fileName}" is a link to a name that is too long`);
  }
  const stream = await zip.openReadStreamPromise(entry);
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return chunks.map((chunk) => new TextDecoder().decode(chunk)).join("");
}
