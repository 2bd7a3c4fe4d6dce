/** Names and sizes of what lies in the data_dir: what is there, what is missing, what has grown. Never content. */
import { join } from "node:path";

/** A list longer than this is read by nobody; what is missing of it is said. */
const MOST = 2000;

/** One line each: mode, owner, size, time, name. Files that git holds, and artifacts, are counted by their folder. */
export async function filesBelow(root: string): Promise<string> {
  const lines: string[] = [];
  await list(root, "", lines);
  return (lines.length <= MOST ? lines : [...lines.slice(0, MOST), "and more"]).join("\n");
}

async function list(root: string, directory: string, lines: string[]): Promise<void> {
  if (lines.length > MOST) return;
  let names: string[];
  try {
    names = (await Array.fromAsync(Deno.readDir(join(root, directory)), ({ name }) => name)).sort();
  } catch (error) {
    lines.push(`${directory === "" ? "." : directory}: ${error instanceof Error ? error.name : "cannot be read"}`);
    return;
  }
  for (const name of names) {
    const path = directory === "" ? name : `${directory}/${name}`;
    const info = await Deno.lstat(join(root, path)).catch(() => null);
    if (info === null) continue;
    const mode = ((info.mode ?? 0) & 0o7777).toString(8).padStart(4, "0");
    const kind = info.isDirectory ? "/" : info.isSymlink ? "@" : "";
    lines.push(`${mode} ${info.uid} ${info.size} ${info.mtime?.toISOString() ?? "-"} ${path}${kind}`);
    if (info.isDirectory && !OTHERS.test(path)) await list(root, path, lines);
  }
}

/** What services, artifacts and revisions are made of is not ours to list. */
const OTHERS = /^(services\/.*|artifacts\/.*|files\/.*|repository(\..*)?|credentials)$/;
