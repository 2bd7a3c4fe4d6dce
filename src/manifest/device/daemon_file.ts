/**
 * [pure] `harbornode.toml`, at the top of the repository's folder: what git asks of HarborNode itself. With overlays and
 * variables as manifests have them, so that one device can go first. What is wrong with it harms no workload.
 */
import type { DaemonWish } from "../../model/desired.ts";
import { daemonVersionRefusal } from "../../model/policy/daemon_version.ts";
import type { Policy } from "../../model/policy/policy.ts";
import { type Problem, problemLine } from "../../model/problem.ts";
import { RELEASE_VERSION } from "../../model/release/version.ts";
import { parseDocument, placed, pointerProblem } from "../document.ts";
import { type Field, field, readFields, tableOf, text } from "../grammar.ts";
import { MAX_MANIFEST_BYTES, sizeProblem } from "../limits.ts";
import { type Found, isTable, Place } from "../place.ts";
import type { ManifestTree } from "../check/conflicts.ts";
import { atOrigin } from "./overlay.ts";
import { type Preparation, preparation, prepare } from "./prepare.ts";
import type { Target } from "./select.ts";

export const DAEMON_FILE = "harbornode.toml";

const VERSION = text({ pattern: RELEASE_VERSION, wants: 'a whole version like "0.2.0"' });

const DAEMON: Field[] = [
  field("version", VERSION, null, {
    doc: "The version of HarborNode that is to run; without it, whichever is installed",
    example: 'version = "0.2.0"',
  }),
];

const FIELDS: Field[] = [
  field("daemon", tableOf(DAEMON, "a table"), {}, { doc: "HarborNode itself", example: '[daemon]\nversion = "0.2.0"' }),
];

/** Undefined where there is no such file. Never throws: every problem of it is told, at its place. */
export function daemonWish({ entries, text }: ManifestTree, preparing: Preparation): DaemonWish | undefined {
  const entry = entries.find(({ path }) => path === DAEMON_FILE);
  if (entry === undefined) return undefined;
  const unread = (problem: Problem): DaemonWish => ({ version: null, problems: [problem] });
  if (entry.type === "pointer") return unread(pointerProblem(DAEMON_FILE));
  const tooLarge = entry.type === "file" ? sizeProblem(entry, MAX_MANIFEST_BYTES, "keep only [daemon] in it") : null;
  if (tooLarge !== null) return unread(tooLarge);
  const source = entry.type === "file" ? text(DAEMON_FILE) : undefined;
  if (source === undefined) {
    const what = entry.type === "file"
      ? "the file could not be read"
      : `it must be a file, and this is a ${entry.type}`;
    return unread({ file: DAEMON_FILE, field: "", message: what });
  }
  return readDaemonFile(source, preparing);
}

/** `overlays`: names of those to lay over it, in place of those that fit the device. */
function readDaemonFile(source: string, preparing: Preparation & { overlays?: readonly string[] }): DaemonWish {
  const prepared = prepare(DAEMON_FILE, source, preparing);
  if ("problem" in prepared) return { version: null, problems: [prepared.problem] };
  const { table, found, writtenAt } = prepared;
  const explain = (name: string) => name === "version" ? { hint: "it belongs below [daemon]" } : null;
  const read = readFields(FIELDS, table, { place: new Place(found), explain });
  const version = isTable(read.daemon) && typeof read.daemon.version === "string" ? read.daemon.version : null;
  const problems = placed(DAEMON_FILE, source, atOrigin(found, writtenAt));
  return { version: problems.length === 0 ? version : null, problems };
}

/** Problems of overlays, each laid over the file alone; but for what the file has on this device. Each is told once. */
export function daemonOverlayProblems(tree: ManifestTree, preparing: Preparation): Problem[] {
  const source = tree.text(DAEMON_FILE);
  if (source === undefined) return [];
  const told = new Set(readDaemonFile(source, preparing).problems.map(problemLine));
  const document = parseDocument(DAEMON_FILE, source);
  const overlay = "table" in document ? document.table.overlay : undefined;
  return Object.keys(isTable(overlay) ? overlay : {})
    .flatMap((name) => readDaemonFile(source, { ...preparing, written: { bytes: 0 }, overlays: [name] }).problems)
    .filter((problem) => {
      const isNew = !told.has(problemLine(problem));
      told.add(problemLine(problem));
      return isNew;
    });
}

/** What the policy of a device refuses of it, at the place where it is asked for. */
export function daemonPolicyProblems(
  { version }: DaemonWish,
  { tree, target, policy }: { tree: ManifestTree; target: Target; policy: Policy },
): Problem[] {
  const source = tree.text(DAEMON_FILE) ?? "";
  const refusal = version === null ? null : daemonVersionRefusal(version, { running: null, policy });
  const prepared = prepare(DAEMON_FILE, source, preparation(tree, target));
  if (refusal === null || "problem" in prepared) return [];
  const found: Found[] = [];
  new Place(found, prepared.writtenAt(["daemon", "version"])).report(refusal.message, refusal.hint ?? undefined);
  return placed(DAEMON_FILE, source, found);
}
