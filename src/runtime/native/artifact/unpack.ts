/** From a download whose digest is right to a folder that can be run from. */
import { join } from "node:path";
import { Failure } from "../../../failure.ts";
import type { Artifact } from "../../../model/workload.ts";
import type { DiskGuard } from "./artifact_disk_failure.ts";
import type { ArchiveEntry } from "./archive_entry.ts";
import { maxUnpackedBytes } from "./artifact_limits.ts";
import { displayName } from "./artifact_name.ts";
import { tarEntries } from "./tar.ts";
import { writeTree } from "./artifact_tree.ts";

export interface UnpackOptions {
  /** The download. A plain file is moved away from there. */
  path: string;
  bytes: number;
  /** An empty folder, absolute and without links in its path. */
  directory: string;
  guard: DiskGuard;
  signal: AbortSignal;
}

/**
 * Everything is on disk when it resolves, readable by all and writable by nobody. Throws `Failure` artifact_invalid for
 * an archive that is damaged, too big, or holds what could do harm; the folder is then to be thrown away.
 */
export async function unpack(
  artifact: Artifact,
  { path, bytes, directory, guard, signal }: UnpackOptions,
): Promise<void> {
  if (artifact.format === "plain") {
    await Deno.chmod(path, 0o555);
    return await Deno.rename(path, join(directory, artifact.name));
  }
  const maxBytes = maxUnpackedBytes(bytes);
  const { stripComponents } = artifact;
  try {
    const entries = artifact.format === "zip" ? await zipEntriesOf(path) : tarEntries(path, { maxBytes, signal });
    await writeTree(entries, { root: directory, maxBytes, stripComponents, guard, signal });
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof Failure || isOfSystem(error)) throw error;
    throw new Failure(`${displayName(artifact)} cannot be unpacked: ${sentence(error)}`, {
      kind: "mistake",
      reason: "artifact_invalid",
      hint: "look into it with tar or unzip, and name another one in the manifest",
      cause: error,
    });
  }
}

/** Loaded when it is needed: most devices never see a zip. */
async function zipEntriesOf(path: string): Promise<AsyncIterable<ArchiveEntry>> {
  const { zipEntries } = await import("./zip.ts");
  return zipEntries(path);
}

/** A full disk is not the archive's fault; a name that is too long (ENAMETOOLONG, 36) is. */
function isOfSystem(error: unknown): boolean {
  return error instanceof Error && /\(os error (?!36\))\d+\)/.test(error.message);
}

function sentence(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.charAt(0).toLowerCase() + text.slice(1).replace(/\.$/, "");
}
