/** Device nodes: which of them a pattern of the owner's means, and whether a path is one. */
import { Failure } from "../../failure.ts";

/** `*` stands for any characters but a slash; everything else for itself. */
export function matches(path: string, pattern: string): boolean {
  const parts = pattern.split("*").map((part) => part.replace(/[.+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${parts.join("[^/]*")}$`).test(path);
}

/** What stat(2) says of a device that was asked for; null for a path that is not there. */
type Found = { isCharDevice: boolean | null; isBlockDevice: boolean | null } | null;

/** Throws a `Failure` (`start_failed`) unless it is a device node. */
export function checkIsDevice<F extends Found>(path: string, found: F): asserts found is NonNullable<F> {
  if (found === null) {
    throw new Failure(`there is no device "${path}"`, {
      kind: "refused",
      reason: "start_failed",
      hint: "plug it in; the start is tried again",
    });
  }
  if (found.isCharDevice === true || found.isBlockDevice === true) return;
  throw new Failure(`"${path}" is not a device`, { kind: "mistake", reason: "start_failed" });
}
