/** What a service needs of its artifact: brought before anything stops, found when it starts. */
import { Failure } from "../../../failure.ts";
import type { NativeWorkload } from "../../../model/workload.ts";
import type { Progress } from "../../runtime.ts";
import { findExecutable } from "../find_executable.ts";
import { displayName } from "./artifact_name.ts";
import type { ArtifactStore } from "./artifact_store.ts";

/** Throws `Failure` too when the program is neither on the device, nor in the folder, nor in the artifact. */
export async function fetchArtifact(
  workload: NativeWorkload,
  store: ArtifactStore,
  { progress, signal }: { progress: Progress; signal: AbortSignal },
): Promise<void> {
  const { artifact, files, command } = workload;
  const directory = artifact === null ? null : await store.ensure(artifact, progress, signal);
  const [program = ""] = command;
  // One of the folder is looked for at the start, when the folder is known.
  const isOfFolder = program.startsWith("./") &&
    (directory === null || files.some((file) => `./${file.path}` === program));
  if (!isOfFolder) await findExecutable(workload, directory === null ? [] : [directory]);
}

/** Its folder; null for a workload without one. */
export async function locateArtifact({ artifact }: NativeWorkload, store: ArtifactStore): Promise<string | null> {
  if (artifact === null) return null;
  const directory = await store.folder(artifact);
  if (directory !== null) return directory;
  throw new Failure(`${displayName(artifact)} is not here any more`, {
    kind: "transient",
    reason: "artifact_unreachable",
    hint: "the next try downloads it again",
  });
}
