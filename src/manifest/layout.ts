/** [pure] Which files of a repository are manifests, and which files belong to them. */
import type { Kind, WorkloadFile } from "../model/workload.ts";
import type { TreeEntry } from "../source/source.ts";

export interface ManifestFile {
  kind: Kind;
  entry: TreeEntry;
  /** The file's name without ".toml": the workload's name unless it says another. */
  stem: string;
  /** Of the folder beside it, with a "/" at the end. */
  folder: string;
  files: WorkloadFile[];
  /** What lies in the folder and is no file: links and submodules. */
  strangers: TreeEntry[];
}

const FOLDERS: [string, Kind][] = [["services/", "service"], ["deployments/", "deployment"]];

/** `services/NAME.toml` and `deployments/NAME.toml`, each with the folder `NAME/` beside it. */
export function manifestFiles(entries: readonly TreeEntry[]): ManifestFile[] {
  return FOLDERS.flatMap(([folder, kind]) =>
    entries.filter((entry) => isManifest(entry.path, folder)).map((entry) => {
      const stem = entry.path.slice(folder.length, -".toml".length);
      const own = `${folder}${stem}/`;
      const inside = entries.filter((one) => one.path.startsWith(own));
      return {
        kind,
        entry,
        stem,
        folder: own,
        files: inside.filter((one) => one.type === "file")
          .map(({ path, oid, executable }) => ({ path: path.slice(own.length), oid, executable })),
        strangers: inside.filter((one) => one.type !== "file"),
      };
    })
  );
}

/** A name that begins with "_" or "." or ends with ".disabled" is put aside by its author. */
function isManifest(path: string, folder: string): boolean {
  const name = path.slice(folder.length);
  return path.startsWith(folder) && !name.includes("/") && name.endsWith(".toml") && !/^[._]/.test(name);
}
