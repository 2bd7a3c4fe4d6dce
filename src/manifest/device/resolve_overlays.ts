/** [pure] Resolves a manifest for one device: merges the matching overlays, and replaces variables. */
import type { Problem } from "../../model/problem.ts";
import { type Diagnostic, DiagnosticScope, type FieldPath } from "../../schema/diagnostic.ts";
import { parseDocument } from "../../schema/toml_document.ts";
import { isTable, type Table } from "../../schema/toml_value.ts";
import type { ManifestTree } from "../check/cross_manifest.ts";
import { MAX_VARIABLES_BYTES, sizeProblem } from "../manifest_limits.ts";
import { matchingOverlays, mergeOverlays } from "./overlay.ts";
import type { Target } from "./selector.ts";
import { checkVariables, readVariables, resolveVariables, type Variables, VARIABLES_FILE } from "./variable.ts";

/** Inputs that all manifests of a revision share. */
export interface OverlayContext {
  target: Target;
  /** Variables of `vars.toml`, or the problems of that file. */
  variables: { variables: Variables } | { problems: Problem[] };
  /** Length of the text that variables expanded to so far, in all manifests together. */
  expandedInAll: { length: number };
}

export interface ResolvedManifest {
  table: Table;
  /** Diagnostics so far, at paths of `table`. */
  diagnostics: Diagnostic[];
  /** Maps a path of `table` to where the field was written. */
  sourceOf(path: FieldPath): FieldPath;
}

/** Reads the shared variables of a revision. */
export function overlayContext({ entries, text }: ManifestTree, target: Target): OverlayContext {
  const entry = entries.find(({ path }) => path === VARIABLES_FILE);
  const hint = "keep long texts in files of the workloads";
  const tooLarge = entry?.type === "file" ? sizeProblem(entry, MAX_VARIABLES_BYTES, hint) : null;
  const expandedInAll = { length: 0 };
  if (tooLarge !== null) return { target, variables: { problems: [tooLarge] }, expandedInAll };
  const source = text(VARIABLES_FILE);
  const variables = source === undefined ? { variables: new Map() } : readVariables(source, target);
  return { target, variables, expandedInAll };
}

/** Resolves a manifest. `overlays` names the overlays to merge, in place of those that match the device. */
export function resolveOverlays(
  file: string,
  text: string,
  { target, variables, expandedInAll, overlays }: OverlayContext & { overlays?: readonly string[] },
): ResolvedManifest | { problem: Problem } {
  const document = parseDocument(file, text);
  if ("problem" in document) return document;
  const diagnostics: Diagnostic[] = [];
  const scope = new DiagnosticScope(diagnostics);
  const names = overlays ?? matchingOverlays(document.table, target);
  const { table: { vars, ...table }, sourceOf } = mergeOverlays(document.table, { names, scope });
  const own = ownVariables(vars, scope.at("vars"));
  const shared = "variables" in variables ? variables.variables : new Map<string, unknown>();
  const unresolved: Diagnostic[] = [];
  const resolved = resolveVariables(table, {
    variables: new Map([...shared, ...own]),
    target,
    scope: new DiagnosticScope(unresolved),
    expandedInAll,
  });
  // If vars.toml is invalid, only manifests that use a variable from it fail.
  const isBroken = "problems" in variables && unresolved.length > 0;
  if (isBroken) scope.error(`variables of ${VARIABLES_FILE} are used, and that has problems`, "mend that file");
  else diagnostics.push(...unresolved);
  return { table: resolved, diagnostics, sourceOf };
}

function ownVariables(vars: unknown, scope: DiagnosticScope): [string, unknown][] {
  if (vars === undefined) return [];
  if (!isTable(vars)) {
    scope.mismatch(vars, "a table of variables", "write [vars] on a line of its own");
    return [];
  }
  checkVariables(vars, scope);
  return Object.entries(vars);
}
