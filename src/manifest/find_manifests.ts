/** [pure] Which files of a repository are manifests, and which files belong to them. */
import type { Kind, WorkloadFile } from "../model/workload.ts";
import { WORKLOAD_NAME } from "../model/workload_name.ts";
import type { TreeEntry } from "../source/source.ts";

export interface ManifestFile {
  kind: Kind;
  /** A link or submodule in place of a manifest is reported as wrong, not ignored. */
  entry: TreeEntry;
  /** Name of the file without ".toml", or of its folder: the default name of the workload. */
  stem: string;
  /** Ends with "/". Two manifests with one folder claim the same files. */
  folder: string;
  files: WorkloadFile[];
  /** Sizes of `files` in bytes, by path in the repository. */
  sizes: ReadonlyMap<string, number>;
  /** Entries of the folder without content in git: links, submodules, Git LFS pointers. */
  nonRegularFiles: TreeEntry[];
}

const ROOTS: [folder: string, kind: Kind][] = [["services/", "service"], ["deployments/", "deployment"]];

/**
 * Returns the manifests of a revision in the order of their paths: `services/NAME.toml` with its files in `services/NAME/`,
 * or `services/NAME/service.toml` among them; `deployments/` and `deployment.toml` alike.
 */
export function manifestFiles(entries: readonly TreeEntry[]): ManifestFile[] {
  return ROOTS.flatMap(([root, kind]) => manifestsBelow(root, { kind, entries }));
}

function manifestsBelow(
  root: string,
  { kind, entries }: { kind: Kind; entries: readonly TreeEntry[] },
): ManifestFile[] {
  const top: TreeEntry[] = [];
  const folders = new Map<string, TreeEntry[]>();
  for (const entry of entries) {
    if (!entry.path.startsWith(root)) continue;
    const [name = "", ...rest] = entry.path.slice(root.length).split("/");
    if (isExcluded(name)) continue;
    if (rest.length === 0) top.push(entry);
    else if (folders.has(name)) folders.get(name)!.push(entry);
    else folders.set(name, [entry]);
  }
  const linked = new Map(
    top.filter((entry) => !["file", "pointer"].includes(entry.type)).map((entry) => [entry.path, entry]),
  );
  const manifest = (entry: TreeEntry, stem: string): ManifestFile => {
    const directory = `${root}${stem}/`;
    const inside = (folders.get(stem) ?? []).filter((treeEntry) => treeEntry !== entry);
    const own = inside.filter((treeEntry) => treeEntry.type === "file");
    const link = linked.get(`${root}${stem}`);
    return {
      kind,
      entry,
      stem,
      folder: directory,
      files: own.map(({ path, oid, executable }) => ({ path: path.slice(directory.length), oid, executable })),
      sizes: new Map(own.map(({ path, size }) => [path, size])),
      nonRegularFiles: [
        ...inside.filter((treeEntry) => treeEntry.type !== "file"),
        ...(link === undefined ? [] : [link]),
      ],
    };
  };
  const beside = top.filter((entry) => entry.path.endsWith(".toml"))
    .map((entry) => manifest(entry, entry.path.slice(root.length, -".toml".length)));
  const within = [...folders].flatMap(([name, inside]) =>
    inside.filter((entry) => entry.path === `${root}${name}/${kind}.toml`).map((entry) => manifest(entry, name))
  );
  const named = new Set(beside.map((manifestFile) => manifestFile.stem));
  // A link in place of a folder, without a manifest beside it: its manifest may be where it is not read.
  const hidden = [...linked.values()].map((entry) => ({ one: entry, name: entry.path.slice(root.length) }))
    .filter(({ name }) => WORKLOAD_NAME.test(name) && !named.has(name)).map(({ one, name }) => manifest(one, name));
  return [...beside, ...within, ...hidden].sort((a, b) => (a.entry.path < b.entry.path ? -1 : 1));
}

/** Names that begin with "_" or ".", or end with ".disabled", are excluded by their author. */
function isExcluded(name: string): boolean {
  return /^[._]/.test(name) || /\.disabled(\.toml)?$/.test(name);
}
