/**
 * [pure] `${vars.NAME}`, `${device.name}` and `${device.labels.NAME}` in the strings of a manifest. A string that is
 * nothing else becomes the variable's own value, a number or an array too; inside of other text it is written out.
 * `$${` is a plain `${`.
 */
import { parseDocument, withPositions } from "../../schema/toml_document.ts";
import { suggest } from "../../schema/suggest.ts";
import { fittingOverlays, overlaid } from "./overlay.ts";
import { type Diagnostic, DiagnosticScope, isTable, quote, type Table } from "../../schema/diagnostic.ts";
import type { Problem } from "../../model/problem.ts";
import type { Target } from "./selector.ts";

/** At the top of the repository's folder: variables of all manifests, with overlays as manifests have them. */
export const VARIABLES_FILE = "vars.toml";

const NAME = /^[A-Za-z_][A-Za-z0-9_-]*$/;

/** Of what variables write out in one manifest: many that hold much would fill the memory of the device. */
const MAX_WRITTEN = 1024 * 1024;

/** Of tables and arrays in each other. A dotted key makes as many as it has dots. */
const MAX_DEPTH = 32;

export type Variables = ReadonlyMap<string, unknown>;

/** The file's variables for this device, or what is wrong with it. */
export function readVariables(text: string, target: Target): { variables: Variables } | { problems: Problem[] } {
  const document = parseDocument(VARIABLES_FILE, text);
  if ("problem" in document) return { problems: [document.problem] };
  const found: Diagnostic[] = [];
  const scope = new DiagnosticScope(found);
  const { overlay, ...own } = document.table;
  checkVariables(own, scope);
  for (const [name, over] of Object.entries(isTable(overlay) ? overlay : {})) {
    if (isTable(over)) checkVariables(over, scope.at("overlay").at(name));
  }
  const names = fittingOverlays(document.table, target);
  const { table } = overlaid(document.table, { names, scope, same: ["overlay"] });
  if (found.length > 0) return { problems: withPositions(VARIABLES_FILE, text, found) };
  return { variables: new Map(Object.entries(table)) };
}

/** Names and values of a table of variables. */
export function checkVariables(table: Table, scope: DiagnosticScope): void {
  for (const [name, value] of Object.entries(table)) {
    if (!NAME.test(name)) scope.at(name).keyError(`the name ${quote(name)} is not letters, digits, _ and -`);
    if (!isPlain(value) && !(Array.isArray(value) && value.every(isPlain))) {
      scope.at(name).error(`is ${quote(value)}, wanted a string, a number, true, false or an array of these`);
    }
  }
}

/** The table with every variable in the place of its name. What names none is told to `place`. */
export function resolved(
  table: Table,
  { variables, target, scope }: { variables: Variables; target: Target; scope: DiagnosticScope },
): Table {
  const known = new Map<string, unknown>([
    ...[...variables].map(([name, value]) => [`vars.${name}`, value] as const),
    ["device.name", target.device],
    ...Object.entries(target.labels).map(([label, value]) => [`device.labels.${label}`, value] as const),
  ]);
  return resolvedValue(table, { known, scope, written: { bytes: 0 } }) as Table;
}

interface Resolving {
  known: ReadonlyMap<string, unknown>;
  scope: DiagnosticScope;
  written: { bytes: number };
}

function resolvedValue(value: unknown, resolving: Resolving): unknown {
  const { scope } = resolving;
  // Fields are nowhere near as deep: what is, is no field, and is told of as a whole.
  if (scope.path.length > MAX_DEPTH) return value;
  const at = (key: string | number) => ({ ...resolving, scope: scope.at(key) });
  if (typeof value === "string") return resolvedText(value, resolving);
  if (Array.isArray(value)) return value.map((one, index) => resolvedValue(one, at(index)));
  if (!isTable(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, resolvedValue(one, at(key))]));
}

const REFERENCE = /\$?\$\{((?:vars|device)\.[^}]*)\}/g;
const WHOLE = /^\$\{((?:vars|device)\.[^}]*)\}$/;

function resolvedText(text: string, { known, scope, written }: Resolving): unknown {
  const look = (name: string): unknown => {
    if (known.has(name)) return known.get(name);
    const close = suggest(name, [...known.keys()]);
    const hint = close === null ? `put it into ${VARIABLES_FILE}, or below [vars]` : `did you mean "\${${close}}"?`;
    return scope.error(`there is no variable ${quote(name)}`, hint);
  };
  const whole = WHOLE.exec(text)?.[1];
  if (whole !== undefined) return look(whole) ?? text;
  return text.replace(REFERENCE, (reference, name: string) => {
    if (reference.startsWith("$$")) return reference.slice(1);
    const value = look(name);
    if (value === undefined) return reference;
    if (!isPlain(value)) {
      scope.error(`${quote(name)} is an array, and can not be written into other text`);
      return reference;
    }
    written.bytes += String(value).length;
    if (written.bytes <= MAX_WRITTEN) return String(value);
    scope.error("its variables write out more than 1 MiB");
    return "";
  });
}

function isPlain(value: unknown): boolean {
  return ["string", "number", "bigint", "boolean"].includes(typeof value);
}
