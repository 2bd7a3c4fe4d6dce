/** Finds the program of a service before anything is started. */
import { isAbsolute, join, resolve } from "node:path";
import { Failure } from "../../failure.ts";
import type { NativeWorkload } from "../../model/workload.ts";
import { PROGRAM_PATH } from "../../os/program_path.ts";

/** Absolute path of the program. `folders` are where "./x" is looked for, in this order. */
export async function findExecutable(workload: NativeWorkload, folders: readonly string[]): Promise<string> {
  const name = workload.command[0] ?? "";
  const candidates = isAbsolute(name)
    ? [name]
    : name.includes("/")
    ? folders.map((directory) => resolve(directory, name))
    : (workload.env.PATH ?? PROGRAM_PATH).split(":").map((directory) => join(directory, name));
  let blocked: string | null = null;
  for (const path of candidates) {
    const info = await Deno.stat(path).catch(() => null);
    if (info === null || !info.isFile) continue;
    if (((info.mode ?? 0) & 0o111) !== 0) return path;
    blocked = path;
  }
  throw new Failure(blocked === null ? `there is no program "${name}"` : `"${name}" is not executable`, {
    kind: "mistake",
    reason: "command_not_found",
    hint: blocked === null
      ? 'install it on the device, or put it into the workload\'s folder and write "./NAME"'
      : `make it executable in git: git update-index --chmod=+x FILE`,
  });
}
