/**
 * The workloads' folders on disk: `files/<workload>/<digest>/...`, one folder a content, written beside and renamed, so
 * that a folder that is there is whole. What an instance was started with stays until no instance uses it.
 */
import { createHash } from "node:crypto";
import { dirname, join } from "node:path";
import { filesDigest, filesMountedAlone } from "../model/fingerprint.ts";
import type { Workload, WorkloadFile } from "../model/workload.ts";
import { syncDirectory } from "./atomic_file.ts";
import { exists } from "../os/exists.ts";

/** Where the workload's files are, or will be; null when it has none. */
export function filesDirectory(root: string, workload: Workload): string | null {
  const digest = filesDigest(workload.files);
  return digest === "" ? null : join(root, workload.name, digest);
}

/**
 * Puts the workload's files where its next instance, or the one that reads them anew, finds them; returns that folder.
 * One folder a content; but where files are followed in place, one folder for all contents, in which each file is
 * replaced as a whole. What `materialise` wrote must be there.
 */
export async function placeFiles(root: string, workload: Workload): Promise<string | null> {
  const content = filesDirectory(root, workload);
  if (content === null || workload.onChange.type === "restart") return content;
  const live = join(root, workload.name, LIVE);
  await Deno.mkdir(live, { recursive: true, mode: 0o755 });
  const wanted = new Set(workload.files.map((file) => file.path));
  for (const file of workload.files) {
    await placeFile(live, file, join(content, file.path));
  }
  await removeUnwanted(live, { below: "", wanted });
  return live;
}

/**
 * Ends the name of what is being written: a neighbour of a workload's contents in `files/NAME`. A failed write removes it
 * at once; what a killed daemon left is removed by the start of the next one (`leftovers.ts`).
 */
export const UNFINISHED = ".tmp";

/** Files are copied and compared in pieces of this: their size is up to the repository. */
const CHUNK_BYTES = 256 * 1024;

/** Replaces a file as a whole: `content` is written to `beside`, on the same file system, and renamed. */
export async function replaceFile(
  path: string,
  { beside, executable, content }: { beside: string; executable: boolean; content: AsyncIterable<Uint8Array> },
): Promise<void> {
  // Never through a link that somebody left there.
  await Deno.remove(beside, { recursive: true }).catch(() => {});
  try {
    await writeChunks(beside, { executable, content });
    await Deno.rename(beside, path);
  } catch (error) {
    await Deno.remove(beside, { recursive: true }).catch(() => {});
    throw error;
  }
}

async function writeChunks(
  path: string,
  { executable, content }: { executable: boolean; content: AsyncIterable<Uint8Array> },
): Promise<void> {
  using file = await Deno.open(path, { write: true, createNew: true, mode: executable ? 0o755 : 0o644 });
  for await (const chunk of content) {
    for (let at = 0; at < chunk.length;) at += await file.write(chunk.subarray(at));
  }
}

/** The content of a file in pieces; a piece is valid until the next one is asked for. */
export async function* chunksOf(path: string): AsyncGenerator<Uint8Array> {
  using file = await Deno.open(path);
  const buffer = new Uint8Array(CHUNK_BYTES);
  for (let count; (count = await file.read(buffer)) !== null;) yield buffer.subarray(0, count);
}

/**
 * Puts the files that a container mounts one by one where they never change: a container that is started again by Docker
 * finds what it was made with, whatever was placed for its successor. Returns their folder; null when there are none.
 */
export async function placeMountedAlone(root: string, workload: Workload): Promise<string | null> {
  const files = filesMountedAlone(workload);
  const content = filesDirectory(root, workload);
  if (content === null || files.length === 0) return null;
  const directory = join(root, workload.name, filesDigest(files));
  for (const file of files) await placeFile(directory, file, join(content, file.path));
  return directory;
}

/** Names of the folders that hold the files of the spec. */
export function contentFolders(workload: Workload): string[] {
  const digests = [filesDigest(workload.files), filesDigest(filesMountedAlone(workload))];
  return digests.filter((digest) => digest !== "");
}

/** Replaces the file as a whole by the one at `from`, unless it is there with this content and mode. */
async function placeFile(directory: string, file: WorkloadFile, from: string): Promise<void> {
  const path = join(directory, file.path);
  if (await isSame(path, { from, executable: file.executable })) return;
  await makeWay(directory, file.path);
  await Deno.mkdir(dirname(path), { recursive: true, mode: 0o755 });
  await replaceFile(path, {
    beside: `${directory}${UNFINISHED}`,
    executable: file.executable,
    content: chunksOf(from),
  });
}

/** Removes what was a file and is to be a folder, and the other way round. */
async function makeWay(directory: string, path: string): Promise<void> {
  const parts = path.split("/");
  for (let count = 1; count <= parts.length; count++) {
    const there = join(directory, ...parts.slice(0, count));
    const info = await Deno.lstat(there).catch(() => null);
    if (info !== null && info.isDirectory === (count === parts.length)) await Deno.remove(there, { recursive: true });
  }
}

/** Of one name for all contents. */
const LIVE = "live";

async function isSame(path: string, { from, executable }: { from: string; executable: boolean }): Promise<boolean> {
  const info = await Deno.lstat(path).catch(() => null);
  if (info === null || !info.isFile || info.size !== (await Deno.stat(from)).size) return false;
  if ((((info.mode ?? 0) & 0o111) !== 0) !== executable) return false;
  return await digestOf(path) === await digestOf(from);
}

async function digestOf(path: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of chunksOf(path)) hash.update(chunk);
  return hash.digest("hex");
}

/** Files that git no longer holds, and what was left by a write that was cut. */
async function removeUnwanted(root: string, { below, wanted }: { below: string; wanted: ReadonlySet<string> }) {
  for await (const entry of Deno.readDir(join(root, below))) {
    const path = below === "" ? entry.name : `${below}/${entry.name}`;
    if (entry.isDirectory) {
      await removeUnwanted(root, { below: path, wanted });
      if (![...wanted].some((file) => file.startsWith(`${path}/`))) await Deno.remove(join(root, path));
    } else if (!wanted.has(path)) await Deno.remove(join(root, path));
  }
}

/**
 * Writes the folder unless it is there. `read` gives a file's content in pieces; it is called only for what is written.
 * Leaves nothing behind where it fails.
 */
export async function materialize(
  root: string,
  workload: Workload,
  read: (file: WorkloadFile) => AsyncIterable<Uint8Array>,
): Promise<void> {
  const directory = filesDirectory(root, workload);
  if (directory === null || await exists(directory)) return;
  const temporary = `${directory}${UNFINISHED}`;
  await Deno.remove(temporary, { recursive: true }).catch(() => {});
  try {
    await Deno.mkdir(temporary, { recursive: true, mode: 0o755 });
    for (const file of workload.files) {
      const path = join(temporary, file.path);
      await Deno.mkdir(dirname(path), { recursive: true, mode: 0o755 });
      await writeChunks(path, { executable: file.executable, content: read(file) });
    }
    await Deno.rename(temporary, directory);
  } catch (error) {
    await Deno.remove(temporary, { recursive: true }).catch(() => {});
    throw error;
  }
  await syncDirectory(dirname(directory));
}

/** Whether the workload has no files, or their content is on disk. */
export async function isMaterialised(root: string, workload: Workload): Promise<boolean> {
  const directory = filesDirectory(root, workload);
  return directory === null || await exists(directory);
}

/** Removes the contents of a workload that are not in `keep` (digests). An empty `keep` removes the workload's folder. */
export async function removeOthers(root: string, workload: string, keep: ReadonlySet<string>): Promise<void> {
  const directory = join(root, workload);
  if (!await exists(directory)) return;
  for await (const entry of Deno.readDir(directory)) {
    if (!keep.has(entry.name) && (entry.name !== LIVE || keep.size === 0)) {
      await Deno.remove(join(directory, entry.name), { recursive: true });
    }
  }
  if (keep.size === 0) await Deno.remove(directory, { recursive: true });
}
