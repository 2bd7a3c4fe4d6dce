/** From a revision to what it asks of this device, with the files that the workloads need put on disk. */
import { asFailure } from "../../failure.ts";
import { secretPaths } from "../../manifest/field/secret_fields.ts";
import { envFilePaths, type ManifestTree, readManifests, textPaths } from "../../manifest/read.ts";
import type { Target } from "../../manifest/device/selector.ts";
import type { Desired } from "../../model/desired.ts";
import type { Workload } from "../../model/workload.ts";
import type { Revision, TreeEntry } from "../../source/source.ts";
import { materialise } from "../../store/file_tree.ts";

/** All manifests of the revision, read for this device. Writes nothing. */
export async function readRevision(
  revision: Revision,
  target: Target,
): Promise<Desired> {
  const tree = await loadTexts(revision, target);
  return readManifests(tree, { revision: revision.id, ...target });
}

/** The tree with the texts that `readManifests` needs: the manifests, and the files their `env_file` names. */
export async function loadTexts(
  revision: Pick<Revision, "entries" | "read">,
  target: Target,
): Promise<ManifestTree> {
  const byPath = new Map(revision.entries.map((entry) => [entry.path, entry]));
  const texts = new Map<string, string>();
  const tree: ManifestTree = { entries: revision.entries, text: (path) => texts.get(path) };
  const load = async (paths: string[]) => {
    for (const path of paths) {
      const entry = byPath.get(path);
      if (entry?.type === "file") texts.set(path, new TextDecoder().decode(await revision.read(entry)));
    }
  };
  for (const path of secretPaths(revision.entries)) {
    texts.set(path, (await revision.read(byPath.get(path)!)).toBase64());
  }
  await load(textPaths(revision.entries));
  await load(envFilePaths(tree, target));
  return tree;
}

/**
 * Puts the files of every workload on disk. One whose files can't be written becomes invalid, with the reason: it stays
 * as it is, and the others go on.
 */
export async function materialiseAll(desired: Desired, revision: Revision, root: string): Promise<Desired> {
  const byOid = new Map<string, TreeEntry>(revision.entries.map((entry) => [entry.oid, entry]));
  const workloads: Workload[] = [];
  const invalid = [...desired.invalid];
  for (const workload of desired.workloads) {
    try {
      await materialise(root, workload, (file) => revision.read(byOid.get(file.oid)!));
      workloads.push(workload);
    } catch (error) {
      const message = `its files can not be written to the device: ${asFailure(error).message}`;
      const { name, kind, manifest } = workload;
      invalid.push({ name, kind, path: manifest, problems: [{ file: manifest, field: "", message }] });
    }
  }
  return { ...desired, workloads, invalid };
}
