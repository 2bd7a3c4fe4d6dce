/**
 * [pure] Variables: `${vars.NAME}`, `${device.name}` and `${device.labels.NAME}` in the strings of a manifest. A string
 * that is one reference becomes the value of the variable, also a number or an array; inside other text the value is
 * written as text. `$${` is a plain `${`.
 */
import type { Problem } from "../../model/problem.ts";
import { type Diagnostic, DiagnosticScope } from "../../schema/diagnostic.ts";
import { suggest } from "../../schema/suggest.ts";
import { parseDocument, withPositions } from "../../schema/toml_document.ts";
import { isTable, quote, type Table } from "../../schema/toml_value.ts";
import { matchingOverlays, mergeOverlays } from "./overlay.ts";
import type { Target } from "./selector.ts";

/** File at the top of the repository's folder: variables of all manifests, with overlays as manifests have them. */
export const VARIABLES_FILE = "vars.toml";

const NAME = /^[A-Za-z_][A-Za-z0-9_-]*$/;

/**
 * Most text that the variables of one manifest expand to, and those of all manifests of a revision: many large ones would
 * fill the memory of the device.
 */
const MAX_EXPANDED = 1024 * 1024;
const MAX_EXPANDED_IN_ALL = 16 * 1024 * 1024;

/** Deepest nesting of tables and arrays. A dotted key makes as many tables as it has dots. */
const MAX_DEPTH = 32;

export type Variables = ReadonlyMap<string, unknown>;

/** Returns the file's variables for this device, or its problems. */
export function readVariables(text: string, target: Target): { variables: Variables } | { problems: Problem[] } {
  const document = parseDocument(VARIABLES_FILE, text);
  if ("problem" in document) return { problems: [document.problem] };
  const diagnostics: Diagnostic[] = [];
  const scope = new DiagnosticScope(diagnostics);
  const { overlay, ...own } = document.table;
  checkVariables(own, scope);
  for (const [name, over] of Object.entries(isTable(overlay) ? overlay : {})) {
    if (isTable(over)) checkVariables(over, scope.at("overlay").at(name));
  }
  const names = matchingOverlays(document.table, target);
  const { table } = mergeOverlays(document.table, { names, scope, same: ["overlay"] });
  if (diagnostics.length > 0) return { problems: withPositions(VARIABLES_FILE, text, diagnostics) };
  return { variables: new Map(Object.entries(table)) };
}

/** Checks the names and values of a table of variables. */
export function checkVariables(table: Table, scope: DiagnosticScope): void {
  for (const [name, value] of Object.entries(table)) {
    if (!NAME.test(name)) scope.at(name).keyError(`the name ${quote(name)} is not letters, digits, _ and -`);
    if (!isPlain(value) && !(Array.isArray(value) && value.every(isPlain))) {
      scope.at(name).mismatch(value, "a string, a number, true, false or an array of these");
    }
  }
}

interface VariableContext {
  variables: Variables;
  target: Target;
  scope: DiagnosticScope;
  /** Length of the text that variables of earlier manifests expanded to; this manifest's is added. */
  expandedInAll: { length: number };
}

/** Replaces every variable in the strings of a table. Reports references to variables that do not exist. */
export function resolveVariables(table: Table, context: VariableContext): Table {
  const { variables, target, scope, expandedInAll } = context;
  const known = new Map<string, unknown>([
    ...[...variables].map(([name, value]) => [`vars.${name}`, value] as const),
    ["device.name", target.device],
    ...Object.entries(target.labels).map(([label, value]) => [`device.labels.${label}`, value] as const),
  ]);
  return resolveTable(table, { known, scope, expanded: { length: 0 }, expandedInAll });
}

interface Resolving {
  /** Values by name, like "vars.domain". */
  known: ReadonlyMap<string, unknown>;
  scope: DiagnosticScope;
  /** Length of the text that variables expanded to so far, in this manifest and in all manifests. */
  expanded: { length: number };
  expandedInAll: { length: number };
}

function resolveTable(table: Table, resolving: Resolving): Table {
  return Object.fromEntries(
    Object.entries(table).map(([key, value]) => [
      key,
      resolveValue(value, { ...resolving, scope: resolving.scope.at(key) }),
    ]),
  );
}

function resolveValue(value: unknown, resolving: Resolving): unknown {
  const { scope } = resolving;
  // No field is as deep: the value belongs to an unknown field, which is reported as a whole.
  if (scope.path.length > MAX_DEPTH) return value;
  if (typeof value === "string") return resolveText(value, resolving);
  if (Array.isArray(value)) {
    return value.map((item, index) => resolveValue(item, { ...resolving, scope: scope.at(index) }));
  }
  return isTable(value) ? resolveTable(value, resolving) : value;
}

const REFERENCE = /\$?\$\{((?:vars|device)\.[^}]*)\}/g;
const WHOLE = /^\$\{((?:vars|device)\.[^}]*)\}$/;

function resolveText(text: string, { known, scope, expanded, expandedInAll }: Resolving): unknown {
  const lookUp = (name: string): unknown => {
    if (known.has(name)) return known.get(name);
    const close = suggest(name, [...known.keys()]);
    const hint = close === null ? `put it into ${VARIABLES_FILE}, or below [vars]` : `did you mean "\${${close}}"?`;
    return scope.error(`there is no variable ${quote(name)}`, hint);
  };
  const isTooLong = (value: unknown): boolean => {
    const { length } = String(value);
    expanded.length += length;
    expandedInAll.length += length;
    if (expanded.length <= MAX_EXPANDED && expandedInAll.length <= MAX_EXPANDED_IN_ALL) return false;
    const most = expanded.length > MAX_EXPANDED ? "1 MiB" : "16 MiB in all manifests together";
    scope.error(`its variables write out more than ${most}`, "keep long texts in files of the workload");
    return true;
  };
  const whole = WHOLE.exec(text)?.[1];
  if (whole !== undefined) {
    const value = lookUp(whole) ?? text;
    return isTooLong(value) ? "" : value;
  }
  return text.replace(REFERENCE, (reference, name: string) => {
    if (reference.startsWith("$$")) return reference.slice(1);
    const value = lookUp(name);
    if (value === undefined) return reference;
    if (!isPlain(value)) {
      scope.error(`${quote(name)} is an array, and cannot be written into other text`);
      return reference;
    }
    return isTooLong(value) ? "" : String(value);
  });
}

function isPlain(value: unknown): boolean {
  return ["string", "number", "bigint", "boolean"].includes(typeof value);
}
