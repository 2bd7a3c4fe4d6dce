/**
 * [pure] `harbornode.toml`, at the top of the repository's folder: the version of HarborNode that devices should run. It
 * has overlays and variables as manifests have them, so that one device can be upgraded first. Its problems affect no
 * workload.
 */
import type { DesiredVersion } from "../../model/desired.ts";
import { daemonVersionDenial } from "../../model/policy/daemon_version.ts";
import type { Policy } from "../../model/policy/policy.ts";
import { type Problem, problemLine } from "../../model/problem.ts";
import { RELEASE_VERSION } from "../../model/release_version.ts";
import { type Diagnostic, DiagnosticScope } from "../../schema/diagnostic.ts";
import { field, fields, readFields, tableOf } from "../../schema/field_table.ts";
import { text } from "../../schema/schema.ts";
import { lfsPointerProblem, parseDocument, withPositions } from "../../schema/toml_document.ts";
import { isTable } from "../../schema/toml_value.ts";
import type { ManifestTree } from "../check/cross_manifest.ts";
import { MAX_MANIFEST_BYTES, sizeProblem } from "../manifest_limits.ts";
import { atSource } from "./overlay.ts";
import { type OverlayContext, overlayContext, resolveOverlays } from "./resolve_overlays.ts";
import type { Target } from "./selector.ts";

export const HARBORNODE_TOML = "harbornode.toml";

const VERSION = text({ pattern: RELEASE_VERSION, expected: 'a whole version like "0.2.0"' });

const DAEMON_FIELDS = fields({
  version: field(VERSION, null, {
    doc: "The version of HarborNode that is to run; without it, whichever is installed",
    example: 'version = "0.2.0"',
  }),
});

const FIELDS = fields({
  daemon: field(tableOf(DAEMON_FIELDS), null, { doc: "HarborNode itself", example: '[daemon]\nversion = "0.2.0"' }),
});

/** Returns the desired version; undefined without the file. Never throws: every problem is returned with its position. */
export function desiredVersion({ entries, text }: ManifestTree, context: OverlayContext): DesiredVersion | undefined {
  const entry = entries.find(({ path }) => path === HARBORNODE_TOML);
  if (entry === undefined) return undefined;
  const failed = (problem: Problem): DesiredVersion => ({ version: null, problems: [problem] });
  if (entry.type === "pointer") return failed(lfsPointerProblem(HARBORNODE_TOML));
  const tooLarge = entry.type === "file" ? sizeProblem(entry, MAX_MANIFEST_BYTES, "keep only [daemon] in it") : null;
  if (tooLarge !== null) return failed(tooLarge);
  const source = entry.type === "file" ? text(HARBORNODE_TOML) : undefined;
  if (source === undefined) {
    const message = entry.type === "file"
      ? "the file could not be read"
      : `it must be a file, and this is a ${entry.type}`;
    return failed({ file: HARBORNODE_TOML, field: "", message });
  }
  return readVersion(source, context);
}

/** `overlays` names the overlays to merge, in place of those that match the device. */
function readVersion(source: string, context: OverlayContext & { overlays?: readonly string[] }): DesiredVersion {
  const resolved = resolveOverlays(HARBORNODE_TOML, source, context);
  if ("problem" in resolved) return { version: null, problems: [resolved.problem] };
  const { table, diagnostics, sourceOf } = resolved;
  const explain = (name: string) => name === "version" ? { hint: "it belongs below [daemon]" } : null;
  const { daemon } = readFields(FIELDS, table, { scope: new DiagnosticScope(diagnostics), explain });
  const problems = withPositions(HARBORNODE_TOML, source, atSource(diagnostics, sourceOf));
  return { version: problems.length === 0 ? daemon?.version ?? null : null, problems };
}

/** Returns the problems of each overlay, merged alone; without those that the file has on this device. */
export function daemonOverlayProblems(tree: ManifestTree, context: OverlayContext): Problem[] {
  const source = tree.text(HARBORNODE_TOML);
  if (source === undefined) return [];
  const known = new Set(readVersion(source, context).problems.map(problemLine));
  const document = parseDocument(HARBORNODE_TOML, source);
  const overlay = "table" in document ? document.table.overlay : undefined;
  return Object.keys(isTable(overlay) ? overlay : {})
    .flatMap((name) => readVersion(source, { ...context, expandedInAll: { length: 0 }, overlays: [name] }).problems)
    .filter((problem) => {
      const isNew = !known.has(problemLine(problem));
      known.add(problemLine(problem));
      return isNew;
    });
}

/** Returns what the policy of a device denies of the version, at the field that asks for it. */
export function daemonPolicyProblems(
  { version }: DesiredVersion,
  { tree, target, policy }: { tree: ManifestTree; target: Target; policy: Policy },
): Problem[] {
  const source = tree.text(HARBORNODE_TOML) ?? "";
  const refusal = version === null ? null : daemonVersionDenial(version, { running: null, policy });
  const resolved = resolveOverlays(HARBORNODE_TOML, source, overlayContext(tree, target));
  if (refusal === null || "problem" in resolved) return [];
  const diagnostics: Diagnostic[] = [];
  const scope = new DiagnosticScope(diagnostics, resolved.sourceOf(["daemon", "version"]));
  scope.error(refusal.message, refusal.hint ?? undefined);
  return withPositions(HARBORNODE_TOML, source, diagnostics);
}
