/** The files of a workload that an instance was started with, and whether they are on disk as they were then. */
import { basename, resolve } from "node:path";
import type { NativeWorkload } from "../../model/workload.ts";

export interface StartSnapshot {
  path: string;
  /** Which file it was, and what of it changes with its content. */
  state: string;
}

/**
 * Those words of a command line that name files in the workload's folder or artifact: its program, and a script for an interpreter.
 * What is elsewhere on the device, like /usr/bin/python3, is the device's, and changes with its updates.
 */
export async function startSnapshot(
  { command, cwd }: { command: readonly string[]; cwd: string },
  { workload, filesDir, artifactDir }: {
    workload: NativeWorkload;
    filesDir: string | null;
    artifactDir: string | null;
  },
): Promise<StartSnapshot[]> {
  // Files that are followed in place change with each push.
  const folders = [workload.onChange.type === "restart" ? filesDir : null, artifactDir];
  const paths = new Set(command.map((word) => resolve(cwd, word)));
  const own = [...paths].filter((path) =>
    folders.some((directory) => directory !== null && path.startsWith(`${directory}/`))
  );
  const files = await Promise.all(own.map(async (path) => ({ path, state: await stateOf(path) })));
  return files.flatMap(({ path, state }) => state === null ? [] : [{ path, state }]);
}

/** A sentence; absent while all of them are as they were. */
export async function detectDrift(files: readonly StartSnapshot[]): Promise<string | undefined> {
  for (const { path, state } of files) {
    const now = await stateOf(path);
    if (now === null) return `its program "${basename(path)}" was removed from disk`;
    if (now !== state) return `its program "${basename(path)}" was changed on disk`;
  }
}

/** Null for what is no file. */
async function stateOf(path: string): Promise<string | null> {
  const info = await Deno.stat(path).catch(() => null);
  if (info === null || !info.isFile) return null;
  return [info.dev, info.ino, info.size, info.mtime?.getTime(), info.mode].join(" ");
}
