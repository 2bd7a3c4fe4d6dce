/** Paths of the device that containers mount: as they are written. Where they lead is seen at the start alone. */
import type { OwnParts, Policy } from "./policy.ts";
import { alwaysDeny, type Denial, deny } from "./denial.ts";

/** Null for one that may be mounted. `index`: of the mount in its manifest. */
export function hostPathDenial(
  path: string,
  { policy, index }: { policy: Pick<Policy, "allowHostPaths" | "own">; index: number },
): Denial | null {
  if (exposesDevice(path, policy.own)) return ownPath(path, index);
  if (isInside(path, policy.allowHostPaths)) return null;
  return deny({ path: ["mounts", index], value: path, key: "allow_host_paths", by: "item" });
}

/** Whether it is, lies in, or holds something of HarborNode's. */
export function exposesDevice(path: string, { paths }: Pick<OwnParts, "paths">): boolean {
  return paths.some((own) => isInside(path, [own]) || isInside(own, [path]));
}

export function ownPath(path: string, index: number): Denial {
  const why = "would give away HarborNode's own files";
  return alwaysDeny({ path: ["mounts", index], value: path, why, hint: "mount another path" });
}

/** `path` is one of `allowed` or lies below one; all of them absolute, and nothing is looked up. */
export function isInside(path: string, allowed: readonly string[]): boolean {
  const plain = normal(path);
  return allowed.map(normal).some((one) => plain === one || plain.startsWith(one === "/" ? "/" : `${one}/`));
}

/** Without a slash at its end, two in a row, or a step that leads nowhere. */
function normal(path: string): string {
  return path.replace(/\/(\.?\/)+/g, "/").replace(/\/\.$/, "/").replace(/(?<=.)\/$/, "");
}
