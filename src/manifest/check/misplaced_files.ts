/**
 * [pure] Files that look like manifests in a place that is not read. Ignoring them would turn a typing error into a
 * removal, so each counts as an invalid manifest, and its workload stays as it was.
 */
import type { Kind } from "../../model/workload.ts";
import { WORKLOAD_NAME } from "../../model/workload_name.ts";
import { suggest } from "../../schema/suggest.ts";
import type { TreeEntry } from "../../source/source.ts";

export interface Misplaced {
  kind: Kind;
  entry: TreeEntry;
  /** The name that the workload would have. */
  stem: string;
  message: string;
  hint: string;
}

const FOLDERS: Record<string, Kind> = { services: "service", deployments: "deployment" };

/** Other formats, and misspellings of ".toml". */
const OTHER_ENDING = /^(?<stem>.+)\.(?:ya?ml|json|service|ini|tml|tom|tolm|toml)$/i;

/** Returns the misplaced files of a revision. */
export function misplacedFiles(entries: readonly TreeEntry[]): Misplaced[] {
  const folders = new Set(entries.map(({ path }) => path.split("/")[0]!));
  return entries.flatMap((entry) => {
    const [folder = "", file = "", ...rest] = entry.path.split("/");
    if (file === "" || /^[._]/.test(file) || /\.disabled(\.toml)?$/.test(file)) return [];
    return inOtherFolder(entry, { folder, file, rest, folders }) ?? ofOtherKind(entry, { folder, file, rest }) ?? [];
  });
}

/** A misspelled folder counts only without the right one: beside it, the folder may have another purpose. */
function inOtherFolder(
  entry: TreeEntry,
  { folder, file, rest, folders }: { folder: string; file: string; rest: string[]; folders: ReadonlySet<string> },
): Misplaced | null {
  const intended = FOLDERS[folder] === undefined ? suggest(folder.toLowerCase(), Object.keys(FOLDERS)) : null;
  const stem = /^(.+)\.toml$/.exec(file)?.[1];
  if (intended === null || folders.has(intended) || rest.length > 0 || stem === undefined) return null;
  if (!WORKLOAD_NAME.test(stem)) return null;
  const message = `the folder "${folder}/" is not looked at`;
  return { kind: FOLDERS[intended]!, entry, stem, message, hint: `did you mean "${intended}/"?` };
}

function ofOtherKind(
  entry: TreeEntry,
  { folder, file, rest }: { folder: string; file: string; rest: string[] },
): Misplaced | null {
  const kind = FOLDERS[folder];
  if (kind === undefined) return null;
  const other = kind === "service" ? "deployment" : "service";
  if (rest.length === 1 && rest[0] === `${other}.toml`) {
    const hint = `call it "${kind}.toml", or move its folder into "${other}s/"`;
    return { kind, entry, stem: file, message: `a folder of "${folder}/" has no "${other}.toml"`, hint };
  }
  const stem = rest.length === 0 && !file.endsWith(".toml") ? OTHER_ENDING.exec(file)?.groups?.stem : undefined;
  if (stem === undefined || !WORKLOAD_NAME.test(stem)) return null;
  return { kind, entry, stem, message: "a manifest is a TOML file", hint: `call it "${stem}.toml"` };
}
