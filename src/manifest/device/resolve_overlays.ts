/** [pure] Resolves a manifest for one device: merges the matching overlays, and replaces variables. */
import type { Problem } from "../../model/problem.ts";
import { type Diagnostic, DiagnosticScope, type FieldPath } from "../../schema/diagnostic.ts";
import { parseDocument } from "../../schema/toml_document.ts";
import { isTable, type Table } from "../../schema/toml_value.ts";
import { matchingOverlays, mergeOverlays } from "./overlay.ts";
import type { Target } from "./selector.ts";
import { checkVariables, readVariables, resolveVariables, type Variables, VARIABLES_FILE } from "./variable.ts";

/** Inputs that all manifests of a revision share. */
export interface OverlayContext {
  target: Target;
  /** Variables of `vars.toml`, or the problems of that file. */
  variables: { variables: Variables } | { problems: Problem[] };
}

export interface ResolvedManifest {
  table: Table;
  /** Diagnostics so far, at paths of `table`. */
  diagnostics: Diagnostic[];
  /** Maps a path of `table` to where the field was written. */
  sourceOf(path: FieldPath): FieldPath;
}

/** Reads the shared variables. `text` reads a file of the revision; undefined for a missing file. */
export function overlayContext(text: (path: string) => string | undefined, target: Target): OverlayContext {
  const variables = text(VARIABLES_FILE);
  return { target, variables: variables === undefined ? { variables: new Map() } : readVariables(variables, target) };
}

/** Resolves a manifest. `overlays` names the overlays to merge, in place of those that match the device. */
export function resolveOverlays(
  file: string,
  text: string,
  { target, variables, overlays }: OverlayContext & { overlays?: readonly string[] },
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
