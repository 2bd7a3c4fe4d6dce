/** The programs of the device that start a service as somebody else and within bounds. */
import { join } from "node:path";
import { Failure } from "../failure.ts";
import { PROGRAM_PATH } from "./program_path.ts";
import { singleflight } from "../async/singleflight.ts";

/** Where Debian has them. */
const PACKAGES = {
  setsid: "util-linux",
  setpriv: "util-linux",
  prlimit: "util-linux",
  nice: "coreutils",
  env: "coreutils",
} as const;

export type Tool = keyof typeof PACKAGES;

/** Absolute path. Throws `Failure` naming the package where the device has none. */
export async function requireTool(name: Tool): Promise<string> {
  const path = await findTool(name);
  if (path !== null) return path;
  throw new Failure(`the device has no "${name}"`, {
    kind: "refused",
    reason: "start_failed",
    hint: `install ${PACKAGES[name]}`,
  });
}

/** Null when the device has none. */
export const findTool = singleflight(async (name: string): Promise<string | null> => {
  for (const directory of PROGRAM_PATH.split(":")) {
    const path = join(directory, name);
    if (await Deno.stat(path).then((info) => info.isFile, () => false)) return path;
  }
  return null;
});
