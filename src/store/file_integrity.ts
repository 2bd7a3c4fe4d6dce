/** Which of a workload's files on disk are not what the repository holds any more, and how they become that again. */
import { createHash } from "node:crypto";
import { dirname, join } from "node:path";
import type { Workload, WorkloadFile } from "../model/workload.ts";
import { chunksOf, filesDirectory, replaceFile, UNFINISHED } from "./workload_files.ts";

/** Of times on disk. FAT has the coarsest. */
const COARSE_MS = 2000;

/** How each file was when its content was last found right, by path: a content is read once, and again when that differs. */
const found = new Map<string, string>();

/** Files that somebody changed, replaced or removed since they were written. Reads nothing of what has stayed as it was. */
export async function findDamagedFiles(root: string, workload: Workload): Promise<WorkloadFile[]> {
  const directory = filesDirectory(root, workload);
  if (directory === null) return [];
  const damaged: WorkloadFile[] = [];
  for (const file of workload.files) if (!await isWhole(join(directory, file.path), file)) damaged.push(file);
  return damaged;
}

/**
 * Replaces them as wholes: what still runs goes on with what it has open. `read` gives the content of the repository in
 * pieces.
 */
export async function rewriteFiles(
  root: string,
  { workload, files, read }: {
    workload: Workload;
    files: readonly WorkloadFile[];
    read: (file: WorkloadFile) => AsyncIterable<Uint8Array>;
  },
): Promise<void> {
  const directory = filesDirectory(root, workload);
  if (directory === null) return;
  for (const file of files) {
    const path = join(directory, file.path);
    await Deno.mkdir(dirname(path), { recursive: true, mode: 0o755 });
    const info = await Deno.lstat(path).catch(() => null);
    // A folder in its place would not make way for a file.
    if (info?.isDirectory) await Deno.remove(path, { recursive: true });
    const { executable } = file;
    await replaceFile(path, { beside: `${directory}.file${UNFINISHED}`, executable, content: read(file) });
  }
}

async function isWhole(path: string, file: WorkloadFile): Promise<boolean> {
  const info = await Deno.lstat(path).catch(() => null);
  if (info === null || !info.isFile || (((info.mode ?? 0) & 0o111) !== 0) !== file.executable) return false;
  const state = [file.oid, info.dev, info.ino, info.size, info.mtime?.getTime(), info.ctime?.getTime()].join(" ");
  if (found.get(path) === state) return true;
  if (await blobId(path, { size: info.size, oid: file.oid }) !== file.oid) return false;
  // Times on disk are coarse: what was written a moment ago may be written again without another time.
  if (Date.now() - (info.ctime ?? new Date()).getTime() > COARSE_MS) found.set(path, state);
  else found.delete(path);
  return true;
}

/** As git names a content; newer repositories use SHA-256. https://git-scm.com/book/en/v2/Git-Internals-Git-Objects */
async function blobId(path: string, { size, oid }: { size: number; oid: string }): Promise<string> {
  const hash = createHash(oid.length === 64 ? "sha256" : "sha1").update(`blob ${size}\0`);
  for await (const chunk of chunksOf(path)) hash.update(chunk);
  return hash.digest("hex");
}
