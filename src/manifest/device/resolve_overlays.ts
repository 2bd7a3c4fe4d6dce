/** [pure] A manifest as one device has it: with the overlays that fit laid over it, and its variables resolved. */
import { parseDocument } from "../../schema/toml_document.ts";
import {
  type Diagnostic,
  DiagnosticScope,
  type FieldPath,
  isTable,
  quote,
  type Table,
} from "../../schema/diagnostic.ts";
import type { Problem } from "../../model/problem.ts";
import { fittingOverlays, overlaid } from "./overlay.ts";
import type { Target } from "./selector.ts";
import { checkVariables, readVariables, resolved, type Variables, VARIABLES_FILE } from "./variable.ts";

/** What all manifests of a revision are prepared with. */
export interface OverlayContext {
  target: Target;
  variables: { variables: Variables } | { problems: Problem[] };
}

export interface ResolvedManifest {
  table: Table;
  /** What was found while preparing; at paths of `table`, as whatever is found later. */
  found: Diagnostic[];
  /** Where a field of `table` was written. */
  writtenAt(path: FieldPath): FieldPath;
}

/** `text` reads a file of the revision; undefined for one that is not there. */
export function overlayContext(text: (path: string) => string | undefined, target: Target): OverlayContext {
  const variables = text(VARIABLES_FILE);
  return { target, variables: variables === undefined ? { variables: new Map() } : readVariables(variables, target) };
}

/** `overlays`: names of those to lay over it, in place of those that fit the device. */
export function resolveOverlays(
  file: string,
  text: string,
  { target, variables, overlays }: OverlayContext & { overlays?: readonly string[] },
): ResolvedManifest | { problem: Problem } {
  const document = parseDocument(file, text);
  if ("problem" in document) return document;
  const found: Diagnostic[] = [];
  const scope = new DiagnosticScope(found);
  const names = overlays ?? fittingOverlays(document.table, target);
  const { table: { vars, ...table }, writtenAt } = overlaid(document.table, { names, scope });
  const own = ownVariables(vars, scope.at("vars"));
  const given = "variables" in variables ? variables.variables : new Map<string, unknown>();
  const wrong: Diagnostic[] = [];
  const whole = resolved(table, {
    variables: new Map([...given, ...own]),
    target,
    scope: new DiagnosticScope(wrong),
  });
  // Of a file that can not be read only those know nothing who use it.
  const isBroken = "problems" in variables && wrong.length > 0;
  if (isBroken) scope.error(`variables of ${VARIABLES_FILE} are used, and that has problems`, "mend that file");
  else found.push(...wrong);
  return { table: whole, found, writtenAt };
}

function ownVariables(vars: unknown, scope: DiagnosticScope): [string, unknown][] {
  if (vars === undefined) return [];
  if (!isTable(vars)) {
    scope.error(`is ${quote(vars)}, wanted a table of variables`, "write [vars] on a line of its own");
    return [];
  }
  checkVariables(vars, scope);
  return Object.entries(vars);
}
