/**
 * The programs of an artifact, as they were unpacked: a list beside its folder, by which it is seen that somebody changed
 * one. What is no program may be written by the service itself, and is not looked at.
 */
import { join } from "node:path";
import { writeAtomic } from "../../../store/atomic_file.ts";

/** By path within the folder: size and time of the last change. */
type Programs = Record<string, string>;

/** `list` is the path of the list. */
export async function writeExecutables(directory: string, list: string): Promise<void> {
  const programs: Programs = {};
  for await (const path of executables(directory, "")) programs[path] = await stateOf(join(directory, path)) ?? "";
  await writeAtomic(list, JSON.stringify(programs));
}

/** False when one of them was changed or removed. True where there is no list, as earlier versions wrote none. */
export async function areExecutablesIntact(directory: string, list: string): Promise<boolean> {
  const programs = await read(list);
  for (const [path, state] of Object.entries(programs)) {
    if (await stateOf(join(directory, path)) !== state) return false;
  }
  return true;
}

async function* executables(root: string, below: string): AsyncGenerator<string> {
  for await (const entry of Deno.readDir(join(root, below))) {
    const path = below === "" ? entry.name : `${below}/${entry.name}`;
    if (entry.isDirectory) yield* executables(root, path);
    else if (entry.isFile && ((await Deno.lstat(join(root, path))).mode! & 0o111) !== 0) yield path;
  }
}

async function read(list: string): Promise<Programs> {
  try {
    return JSON.parse(await Deno.readTextFile(list)) as Programs;
  } catch {
    return {};
  }
}

/** Null for what is no plain file. */
async function stateOf(path: string): Promise<string | null> {
  const info = await Deno.lstat(path).catch(() => null);
  return info?.isFile === true ? `${info.size} ${info.mtime?.getTime()} ${(info.mode ?? 0) & 0o777}` : null;
}
