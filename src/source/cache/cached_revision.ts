/** A revision read from its record and its content. Each file is checked against its id whenever it is read. */
import { createHash } from "node:crypto";
import { Failure } from "../../failure.ts";
import { formatMegabytes } from "../../model/size.ts";
import { MAX_READ_BYTES } from "../fetch_limits.ts";
import type { Revision, TreeEntry } from "../source.ts";
import { parseCommit } from "../parse_commit.ts";
import { type CachedEntry, CONTENT, type RevisionRecord } from "./revision_record.ts";

/** Large files are hashed in pieces of this. */
const CHUNK_BYTES = 256 * 1024;

export function cachedRevision(dir: string, record: RevisionRecord): Revision {
  const byOid = new Map(record.entries.map((entry) => [entry.oid, entry]));
  const commit = Uint8Array.from(atob(record.commit), (character) => character.charCodeAt(0));
  const { subject, author, committedAt } = parseCommit(commit);
  return {
    id: record.id,
    subject,
    author,
    committedAt,
    commit,
    entries: record.entries.map(({ path, type, executable, oid, size }) => ({ path, type, executable, oid, size })),
    read: (entry) => readContent({ dir, url: record.url, entry, held: byOid.get(entry.oid) }),
    chunks: (entry) => contentChunks({ dir, url: record.url, entry, held: byOid.get(entry.oid) }),
  };
}

interface Content {
  dir: string;
  url: string;
  entry: TreeEntry;
  held: CachedEntry | undefined;
}

async function readContent(content: Content): Promise<Uint8Array> {
  const { path } = content.entry;
  const { size } = placeOf(content);
  if (size > MAX_READ_BYTES) throw tooLargeToRead(path, size);
  const bytes = new Uint8Array(size);
  let at = 0;
  for await (const chunk of contentChunks(content)) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}

async function* contentChunks(content: Content): AsyncGenerator<Uint8Array> {
  const { dir, url, entry: { path } } = content;
  const { offset, size, oid } = placeOf(content);
  const hash = blobHash(size);
  const buffer = new Uint8Array(Math.min(size, CHUNK_BYTES));
  using file = await Deno.open(`${dir}/${CONTENT}`);
  await file.seek(offset, Deno.SeekMode.Start);
  for (let left = size; left > 0;) {
    const part = buffer.subarray(0, Math.min(left, buffer.length));
    if (!await fill(file, part)) throw damagedContent(url, path);
    hash.update(part);
    left -= part.length;
    yield part;
  }
  if (hash.digest("hex") !== oid) throw damagedContent(url, path);
}

function placeOf({ entry: { path }, held }: Content): CachedEntry {
  if (held === undefined || held.type === "submodule") throw new TypeError(`"${path}" has no content in this revision`);
  return held;
}

export function tooLargeToRead(path: string, size: number): Failure {
  const max = MAX_READ_BYTES / 1024 / 1024;
  return new Failure(`"${path}" has ${formatMegabytes(size)}, and a file that is read whole has at most ${max} MiB`, {
    kind: "mistake",
    reason: "repo_invalid",
    hint: "make the file smaller",
  });
}

/** Reads everything once. Throws a `Failure` where anything is missing or is not what git said. */
export async function verifyContent(dir: string, record: RevisionRecord, signal: AbortSignal): Promise<void> {
  const files = record.entries.filter((entry) => entry.type !== "submodule").sort((a, b) => a.offset - b.offset);
  const id = createHash("sha1").update(`commit ${atob(record.commit).length}\0`)
    .update(record.commit, "base64").digest("hex");
  if (id !== record.id) throw damagedContent(record.url, "its commit");
  if (files.length === 0) return;
  using file = await Deno.open(`${dir}/${CONTENT}`);
  const buffer = new Uint8Array(CHUNK_BYTES);
  let at = 0;
  for (const { path, oid, offset, size } of files) {
    signal.throwIfAborted();
    // Two files with the same content have one place.
    if (offset + size <= at && size > 0) continue;
    await file.seek(offset, Deno.SeekMode.Start);
    const hash = blobHash(size);
    for (let left = size; left > 0;) {
      const part = buffer.subarray(0, Math.min(left, buffer.length));
      if (!await fill(file, part)) throw damagedContent(record.url, path);
      hash.update(part);
      left -= part.length;
    }
    if (hash.digest("hex") !== oid) throw damagedContent(record.url, path);
    at = offset + size;
  }
}

/** False when the file ends before. */
async function fill(file: Deno.FsFile, bytes: Uint8Array): Promise<boolean> {
  for (let at = 0; at < bytes.length;) {
    const count = await file.read(bytes.subarray(at));
    if (count === null) return false;
    at += count;
  }
  return true;
}

/** git's id of a blob is the hash of this and its content. */
function blobHash(size: number) {
  return createHash("sha1").update(`blob ${size}\0`);
}

function damagedContent(url: string, path: string): Failure {
  return new Failure(`What is on the disk of "${url}" is damaged: ${path}`, {
    kind: "transient",
    reason: "repo_invalid",
    hint: "it is fetched again as soon as the repository answers",
  });
}
