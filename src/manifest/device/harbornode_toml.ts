/**
 * [pure] `harbornode.toml`, at the top of the repository's folder: what git asks of HarborNode itself. With overlays and
 * variables as manifests have them, so that one device can go first. What is wrong with it harms no workload.
 */
import type { DaemonWish } from "../../model/desired.ts";
import { daemonVersionRefusal } from "../../model/policy/daemon_version.ts";
import type { Policy } from "../../model/policy/policy.ts";
import { type Problem, problemLine } from "../../model/problem.ts";
import { RELEASE_VERSION } from "../../model/release/version.ts";
import { lfsPointerProblem, parseDocument, withPositions } from "../../schema/toml_document.ts";
import { type Field, field, readFields, tableOf, text } from "../../schema/schema.ts";
import { type Diagnostic, DiagnosticScope, isTable } from "../../schema/diagnostic.ts";
import type { ManifestTree } from "../check/cross_manifest.ts";
import { atSource } from "./overlay.ts";
import { type OverlayContext, overlayContext, resolveOverlays } from "./resolve_overlays.ts";
import type { Target } from "./selector.ts";

export const HARBORNODE_TOML = "harbornode.toml";

const VERSION = text({ pattern: RELEASE_VERSION, expected: 'a whole version like "0.2.0"' });

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
export function desiredVersion({ entries, text }: ManifestTree, preparing: OverlayContext): DaemonWish | undefined {
  const entry = entries.find(({ path }) => path === HARBORNODE_TOML);
  if (entry === undefined) return undefined;
  const unread = (problem: Problem): DaemonWish => ({ version: null, problems: [problem] });
  if (entry.type === "pointer") return unread(lfsPointerProblem(HARBORNODE_TOML));
  const source = entry.type === "file" ? text(HARBORNODE_TOML) : undefined;
  if (source === undefined) {
    const what = entry.type === "file"
      ? "the file could not be read"
      : `it must be a file, and this is a ${entry.type}`;
    return unread({ file: HARBORNODE_TOML, field: "", message: what });
  }
  return readDaemonFile(source, preparing);
}

/** `overlays`: names of those to lay over it, in place of those that fit the device. */
function readDaemonFile(source: string, preparing: OverlayContext & { overlays?: readonly string[] }): DaemonWish {
  const prepared = resolveOverlays(HARBORNODE_TOML, source, preparing);
  if ("problem" in prepared) return { version: null, problems: [prepared.problem] };
  const { table, found, writtenAt } = prepared;
  const explain = (name: string) => name === "version" ? { hint: "it belongs below [daemon]" } : null;
  const read = readFields(FIELDS, table, { scope: new DiagnosticScope(found), explain });
  const version = isTable(read.daemon) && typeof read.daemon.version === "string" ? read.daemon.version : null;
  const problems = withPositions(HARBORNODE_TOML, source, atSource(found, writtenAt));
  return { version: problems.length === 0 ? version : null, problems };
}

/** Problems of overlays, each laid over the file alone; but for what the file has on this device. Each is told once. */
export function daemonOverlayProblems(tree: ManifestTree, preparing: OverlayContext): Problem[] {
  const source = tree.text(HARBORNODE_TOML);
  if (source === undefined) return [];
  const told = new Set(readDaemonFile(source, preparing).problems.map(problemLine));
  const document = parseDocument(HARBORNODE_TOML, source);
  const overlay = "table" in document ? document.table.overlay : undefined;
  return Object.keys(isTable(overlay) ? overlay : {})
    .flatMap((name) => readDaemonFile(source, { ...preparing, overlays: [name] }).problems)
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
  const source = tree.text(HARBORNODE_TOML) ?? "";
  const refusal = version === null ? null : daemonVersionRefusal(version, { running: null, policy });
  const prepared = resolveOverlays(HARBORNODE_TOML, source, overlayContext(tree.text, target));
  if (refusal === null || "problem" in prepared) return [];
  const found: Diagnostic[] = [];
  new DiagnosticScope(found, prepared.writtenAt(["daemon", "version"])).error(
    refusal.message,
    refusal.hint ?? undefined,
  );
  return withPositions(HARBORNODE_TOML, source, found);
}
