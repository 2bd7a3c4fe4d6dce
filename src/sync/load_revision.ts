/** From a revision to what it asks of this device, with the files that the workloads need put on disk. */
import { checkSpace, SMALL_BYTES } from "../os/disk_reserve.ts";
import { asFailure, Failure, isOfDisk } from "../failure.ts";
import type { Target } from "../manifest/device/selector.ts";
import { secretPaths } from "../manifest/field/secret_fields.ts";
import { MAX_TEXTS_BYTES } from "../manifest/manifest_limits.ts";
import {
  envFilePaths,
  type ManifestTree,
  readManifests,
  type ResolvedManifests,
  resolveManifests,
  textPaths,
  textsExcess,
} from "../manifest/read_manifests.ts";
import type { Desired } from "../model/desired.ts";
import type { Workload } from "../model/workload.ts";
import type { Revision, TreeEntry } from "../source/source.ts";
import { isMaterialised, materialize } from "../store/workload_files.ts";

/** All manifests of the revision, read for this device. Writes nothing. */
export async function loadRevision(
  revision: Revision,
  target: Target,
): Promise<Desired> {
  const { tree, manifests } = await loadTexts(revision, target);
  return readManifests(tree, { revision: revision.id, ...target }, manifests);
}

/** Throws a `Failure` for a revision whose texts are together more than a device loads. Reads none of them. */
export function checkTexts({ entries }: Pick<Revision, "entries">): void {
  const excess = textsExcess(entries);
  if (excess === null) return;
  throw new Failure(`The revision cannot be used: ${excess}`, {
    kind: "mistake",
    reason: "repo_invalid",
    hint: "keep data in files of the workloads' folders, and point [repo] path at a folder for this device",
  });
}

export interface LoadedTexts {
  tree: ManifestTree;
  /** The manifests of the tree, resolved for the target. */
  manifests: ResolvedManifests;
}

/**
 * The tree with the texts that `readManifests` needs: the manifests, and the files their `env_file` names. Loads no text
 * that is over its own limit, and no more than `MAX_TEXTS_BYTES` of all. Throws a `Failure` where the manifests alone are
 * more.
 */
export async function loadTexts(
  revision: Pick<Revision, "entries" | "read">,
  target: Target,
): Promise<LoadedTexts> {
  checkTexts(revision);
  const byPath = new Map(revision.entries.map((entry) => [entry.path, entry]));
  const texts = new Map<string, string>();
  const tree: ManifestTree = { entries: revision.entries, text: (path) => texts.get(path) };
  let bytes = 0;
  const load = async (paths: string[], textOf: (content: Uint8Array) => string) => {
    for (const path of paths) {
      const entry = byPath.get(path);
      if (entry?.type !== "file" || bytes + entry.size > MAX_TEXTS_BYTES) continue;
      bytes += entry.size;
      texts.set(path, textOf(await revision.read(entry)));
    }
  };
  const decoded = (content: Uint8Array) => new TextDecoder().decode(content);
  await load(secretPaths(revision.entries), (content) => content.toBase64());
  await load(textPaths(revision.entries), decoded);
  const manifests = resolveManifests(tree, target);
  await load(envFilePaths(tree, manifests), decoded);
  return { tree, manifests };
}

export interface Materialised {
  desired: Desired;
  /** What the files of workloads need that do not fit on the disk; null when all fit. */
  lackingBytes: number | null;
  /** Whether the disk refused a write: the same revision is to be processed again once it takes writes. */
  isRefused: boolean;
}

/**
 * Puts the files of every workload on disk. One whose files cannot be written, or would leave less than the reserve free,
 * becomes invalid, with the reason: it stays as it is, and the others go on.
 */
export async function materializeFiles(
  desired: Desired,
  revision: Revision,
  { root, reserveBytes }: { root: string; reserveBytes: number },
): Promise<Materialised> {
  const byOid = new Map<string, TreeEntry>(revision.entries.map((entry) => [entry.oid, entry]));
  const workloads: Workload[] = [];
  const invalid = [...desired.invalid];
  let [needed, lacking, isRefused] = [0, 0, false];
  for (const workload of desired.workloads) {
    const bytes = await isMaterialised(root, workload) ? 0 : neededBytes(workload, byOid);
    try {
      // Small files may use the reserve, as long as those of all workloads together are small.
      if (needed + bytes > SMALL_BYTES) await checkSpace({ directory: root, reserveBytes, name: workload.name }, bytes);
      needed += bytes;
      await materialize(root, workload, (file) => revision.chunks(byOid.get(file.oid)!));
      workloads.push(workload);
    } catch (error) {
      const { reason, message: why, hint } = asFailure(error);
      if (reason === "insufficient_disk") lacking += bytes;
      else if (isOfDisk(reason)) isRefused = true;
      const message = `its files cannot be written to the device: ${why}`;
      const { name, kind, manifest } = workload;
      const problem = { file: manifest, field: "", message, ...(hint === undefined ? {} : { hint }) };
      invalid.push({ name, kind, path: manifest, problems: [problem] });
    }
  }
  return { desired: { ...desired, workloads, invalid }, lackingBytes: lacking === 0 ? null : lacking, isRefused };
}

/** What a file takes on most file systems is a multiple of this. */
const BLOCK_BYTES = 4096;

/** Each path counts by itself. Files that are followed in place are written a second time, into the folder `live`. */
function neededBytes({ files, onChange }: Workload, byOid: ReadonlyMap<string, TreeEntry>): number {
  const sizes = files.map(({ oid }) => Math.ceil((byOid.get(oid)?.size ?? 0) / BLOCK_BYTES) * BLOCK_BYTES);
  return sizes.reduce((sum, size) => sum + size, 0) * (onChange.type === "restart" ? 1 : 2);
}
