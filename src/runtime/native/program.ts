/** Finds the program of a service, and the user that it runs as, before anything is started. */
import { isAbsolute, join, resolve } from "node:path";
import { Failure } from "../../failure.ts";
import type { NativeWorkload } from "../../model/workload.ts";
import { SERVICE_PATH } from "./environment.ts";

export interface Account {
  name: string;
  uid: number;
  gid: number;
  home: string;
}

/** Absolute path of the program. `folders` are where "./x" is looked for, in this order. */
export async function findProgram(workload: NativeWorkload, folders: readonly string[]): Promise<string> {
  const name = workload.command[0] ?? "";
  const candidates = isAbsolute(name)
    ? [name]
    : name.includes("/")
    ? folders.map((folder) => resolve(folder, name))
    : (workload.env.PATH ?? SERVICE_PATH).split(":").map((folder) => join(folder, name));
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

/** Where a helper like setsid is; null when the device has none. */
export async function findTool(name: string): Promise<string | null> {
  for (const folder of SERVICE_PATH.split(":")) {
    const path = join(folder, name);
    if (await Deno.stat(path).then((info) => info.isFile, () => false)) return path;
  }
  return null;
}

/** The account of a user by name or number, from /etc/passwd. */
export async function findAccount(user: string): Promise<Account> {
  const text = await Deno.readTextFile("/etc/passwd").catch(() => "");
  for (const line of text.split("\n")) {
    const [name, , uid, gid, , home] = line.split(":");
    if (name !== undefined && home !== undefined && (name === user || uid === user)) {
      return { name, uid: Number(uid), gid: Number(gid), home };
    }
  }
  throw new Failure(`there is no user "${user}" on this device`, {
    kind: "mistake",
    reason: "user_unknown",
    hint: `make it with "useradd --system ${/^[a-z_][a-z0-9_-]*$/.test(user) ? user : "NAME"}", or name another one`,
  });
}
