/** Where systemd finds the unit of the daemon, and what the owner adds to it. */
import { join } from "node:path";
import type { DoctorContext } from "../check.ts";
import { readText } from "../inspect_host.ts";

export const UNIT_NAME = "harbornode.service";

/** In systemd's own order (systemd.unit(5)). */
const SYSTEM = ["etc/systemd/system", "run/systemd/system", "usr/local/lib/systemd/system", "usr/lib/systemd/system"];

type Where = Pick<DoctorContext, "root" | "env" | "isRoot">;

export interface InstalledUnit {
  file: string;
  text: string;
  /** Of one user, and not of the system. */
  isOwn: boolean;
}

/** The one that counts; null where none is installed. */
export async function installedUnit(where: Where): Promise<InstalledUnit | null> {
  for (const { directory, isOwn } of folders(where)) {
    const file = join(directory, UNIT_NAME);
    const text = await readText(file);
    if (text !== null) return { file, text, isOwn };
  }
  return null;
}

/** Drop-ins are the owner's. */
export async function dropInFiles(where: Where): Promise<string[]> {
  const files = await Promise.all(
    folders(where).map(async ({ directory }) => {
      const path = join(directory, `${UNIT_NAME}.d`);
      try {
        return await Array.fromAsync(Deno.readDir(path), ({ name }) => join(path, name));
      } catch {
        return [];
      }
    }),
  );
  return files.flat().filter((file) => file.endsWith(".conf")).sort();
}

function folders({ root, env, isRoot }: Where): { directory: string; isOwn: boolean }[] {
  const own = env.HOME === undefined || isRoot ? [] : [join(env.HOME, ".config/systemd/user")];
  return [
    ...own.map((directory) => ({ directory: directory, isOwn: true })),
    ...SYSTEM.map((directory) => ({ directory: join(root, directory), isOwn: false })),
  ];
}
