/** [pure] A manifest as one device has it: with the overlays that fit laid over it, and its variables resolved. */
import type { ManifestTree } from "../check/conflicts.ts";
import { parseDocument } from "../document.ts";
import { MAX_VARIABLES_BYTES, sizeProblem } from "../limits.ts";
import { type FieldPath, type Found, isTable, Place, quote, type Table } from "../place.ts";
import type { Problem } from "../../model/problem.ts";
import { fittingOverlays, overlaid } from "./overlay.ts";
import type { Target } from "./select.ts";
import { checkVariables, readVariables, resolved, type Variables, VARIABLES_FILE } from "./variable.ts";

/** What all manifests of a revision are prepared with. */
export interface Preparation {
  target: Target;
  variables: { variables: Variables } | { problems: Problem[] };
  /** What variables wrote out so far, in all manifests together. */
  written: { bytes: number };
}

export interface Prepared {
  table: Table;
  /** What was found while preparing; at paths of `table`, as whatever is found later. */
  found: Found[];
  /** Where a field of `table` was written. */
  writtenAt(path: FieldPath): FieldPath;
}

export function preparation({ entries, text }: ManifestTree, target: Target): Preparation {
  const entry = entries.find(({ path }) => path === VARIABLES_FILE);
  const hint = "keep long texts in files of the workloads";
  const tooLarge = entry?.type === "file" ? sizeProblem(entry, MAX_VARIABLES_BYTES, hint) : null;
  const source = text(VARIABLES_FILE);
  const written = { bytes: 0 };
  if (tooLarge !== null) return { target, variables: { problems: [tooLarge] }, written };
  const variables = source === undefined ? { variables: new Map() } : readVariables(source, target);
  return { target, variables, written };
}

/** `overlays`: names of those to lay over it, in place of those that fit the device. */
export function prepare(
  file: string,
  text: string,
  { target, variables, written, overlays }: Preparation & { overlays?: readonly string[] },
): Prepared | { problem: Problem } {
  const document = parseDocument(file, text);
  if ("problem" in document) return document;
  const found: Found[] = [];
  const place = new Place(found);
  const names = overlays ?? fittingOverlays(document.table, target);
  const { table: { vars, ...table }, writtenAt } = overlaid(document.table, { names, place });
  const own = ownVariables(vars, place.at("vars"));
  const given = "variables" in variables ? variables.variables : new Map<string, unknown>();
  const wrong: Found[] = [];
  const whole = resolved(table, {
    variables: new Map([...given, ...own]),
    target,
    place: new Place(wrong),
    all: written,
  });
  // Of a file that can not be read only those know nothing who use it.
  const isBroken = "problems" in variables && wrong.length > 0;
  if (isBroken) place.report(`variables of ${VARIABLES_FILE} are used, and that has problems`, "mend that file");
  else found.push(...wrong);
  return { table: whole, found, writtenAt };
}

function ownVariables(vars: unknown, place: Place): [string, unknown][] {
  if (vars === undefined) return [];
  if (!isTable(vars)) {
    place.report(`is ${quote(vars)}, wanted a table of variables`, "write [vars] on a line of its own");
    return [];
  }
  checkVariables(vars, place);
  return Object.entries(vars);
}
