/** What a service needs of its artifact: brought before anything stops, found when it starts. */
import { Failure } from "../../../failure.ts";
import type { NativeWorkload } from "../../../model/workload.ts";
import type { Progress } from "../../runtime.ts";
import { findProgram } from "../program.ts";
import { shownName } from "./name.ts";
import type { ArtifactStore } from "./store.ts";

/** Throws `Failure` too when the program is neither on the device, nor in the folder, nor in the artifact. */
export async function bringArtifact(
  workload: NativeWorkload,
  store: ArtifactStore,
  { progress, signal }: { progress: Progress; signal: AbortSignal },
): Promise<void> {
  const { artifact, files, command } = workload;
  const folder = artifact === null ? null : await store.ensure(artifact, progress, signal);
  const [program = ""] = command;
  // One of the folder is looked for at the start, when the folder is known.
  const isOfFolder = program.startsWith("./") && (folder === null || files.some((one) => `./${one.path}` === program));
  if (!isOfFolder) await findProgram(workload, folder === null ? [] : [folder]);
}

/** Its folder; null for a workload without one. */
export async function foundArtifact({ artifact }: NativeWorkload, store: ArtifactStore): Promise<string | null> {
  if (artifact === null) return null;
  const folder = await store.folder(artifact);
  if (folder !== null) return folder;
  throw new Failure(`${shownName(artifact)} is not here any more`, {
    kind: "transient",
    reason: "artifact_unreachable",
    hint: "the next try downloads it again",
  });
}
