/**
 * The workloads' folders on disk: `files/<workload>/<digest>/...`, one folder a content, written beside and renamed, so
 * that a folder that is there is whole. What an instance was started with stays until no instance uses it.
 */
import { dirname, join } from "node:path";
import { filesDigest } from "../model/fingerprint.ts";
import type { Workload, WorkloadFile } from "../model/workload.ts";
import { syncFolder } from "./atomic_file.ts";

/** Where the workload's files are, or will be; null when it has none. */
export function filesFolder(root: string, workload: Workload): string | null {
  const digest = filesDigest(workload.files);
  return digest === "" ? null : join(root, workload.name, digest);
}

/** Writes the folder unless it is there. `read` gives a file's content; it is called only for what is written. */
export async function materialise(
  root: string,
  workload: Workload,
  read: (file: WorkloadFile) => Promise<Uint8Array>,
): Promise<void> {
  const folder = filesFolder(root, workload);
  if (folder === null || await exists(folder)) return;
  const temporary = `${folder}.tmp`;
  await Deno.remove(temporary, { recursive: true }).catch(() => {});
  await Deno.mkdir(temporary, { recursive: true, mode: 0o755 });
  for (const file of workload.files) {
    const path = join(temporary, file.path);
    await Deno.mkdir(dirname(path), { recursive: true, mode: 0o755 });
    await Deno.writeFile(path, await read(file), { createNew: true, mode: file.executable ? 0o755 : 0o644 });
  }
  await Deno.rename(temporary, folder);
  await syncFolder(dirname(folder));
}

/** Removes the contents of a workload that are not in `keep` (digests). An empty `keep` removes the workload's folder. */
export async function removeOthers(root: string, workload: string, keep: ReadonlySet<string>): Promise<void> {
  const folder = join(root, workload);
  if (!await exists(folder)) return;
  for await (const entry of Deno.readDir(folder)) {
    if (!keep.has(entry.name)) await Deno.remove(join(folder, entry.name), { recursive: true });
  }
  if (keep.size === 0) await Deno.remove(folder, { recursive: true });
}

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}
