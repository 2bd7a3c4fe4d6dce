/**
 * [pure] `${vars.NAME}`, `${device.name}` and `${device.labels.NAME}` in the strings of a manifest. A string that is
 * nothing else becomes the variable's own value, a number or an array too; inside of other text it is written out.
 * `$${` is a plain `${`.
 */
import { parseDocument, placed } from "../document.ts";
import { nearest } from "../nearest.ts";
import { fittingOverlays, overlaid } from "./overlay.ts";
import { type Found, isTable, Place, quote, type Table } from "../place.ts";
import type { Problem } from "../../model/problem.ts";
import type { Target } from "./select.ts";

/** At the top of the repository's folder: variables of all manifests, with overlays as manifests have them. */
export const VARIABLES_FILE = "vars.toml";

const NAME = /^[A-Za-z_][A-Za-z0-9_-]*$/;

/**
 * What variables write out in one manifest, and in all manifests of a revision: many that hold much would fill the
 * memory of the device.
 */
const MAX_WRITTEN = 1024 * 1024;
const MAX_WRITTEN_IN_ALL = 16 * 1024 * 1024;

/** Of tables and arrays in each other. A dotted key makes as many as it has dots. */
const MAX_DEPTH = 32;

export type Variables = ReadonlyMap<string, unknown>;

/** The file's variables for this device, or what is wrong with it. */
export function readVariables(text: string, target: Target): { variables: Variables } | { problems: Problem[] } {
  const document = parseDocument(VARIABLES_FILE, text);
  if ("problem" in document) return { problems: [document.problem] };
  const found: Found[] = [];
  const place = new Place(found);
  const { overlay, ...own } = document.table;
  checkVariables(own, place);
  for (const [name, over] of Object.entries(isTable(overlay) ? overlay : {})) {
    if (isTable(over)) checkVariables(over, place.at("overlay").at(name));
  }
  const names = fittingOverlays(document.table, target);
  const { table } = overlaid(document.table, { names, place, same: ["overlay"] });
  if (found.length > 0) return { problems: placed(VARIABLES_FILE, text, found) };
  return { variables: new Map(Object.entries(table)) };
}

/** Names and values of a table of variables. */
export function checkVariables(table: Table, place: Place): void {
  for (const [name, value] of Object.entries(table)) {
    if (!NAME.test(name)) place.at(name).reportKey(`the name ${quote(name)} is not letters, digits, _ and -`);
    if (!isPlain(value) && !(Array.isArray(value) && value.every(isPlain))) {
      place.at(name).report(`is ${quote(value)}, wanted a string, a number, true, false or an array of these`);
    }
  }
}

/** The table with every variable in the place of its name. What names none is told to `place`. */
export function resolved(
  table: Table,
  { variables, target, place, all }: {
    variables: Variables;
    target: Target;
    place: Place;
    /** What variables wrote out in the manifests before; added to. */
    all: { bytes: number };
  },
): Table {
  const known = new Map<string, unknown>([
    ...[...variables].map(([name, value]) => [`vars.${name}`, value] as const),
    ["device.name", target.device],
    ...Object.entries(target.labels).map(([label, value]) => [`device.labels.${label}`, value] as const),
  ]);
  return resolvedValue(table, { known, place, written: { bytes: 0, all } }) as Table;
}

interface Resolving {
  known: ReadonlyMap<string, unknown>;
  place: Place;
  written: { bytes: number; all: { bytes: number } };
}

function resolvedValue(value: unknown, resolving: Resolving): unknown {
  const { place } = resolving;
  // Fields are nowhere near as deep: what is, is no field, and is told of as a whole.
  if (place.path.length > MAX_DEPTH) return value;
  const at = (key: string | number) => ({ ...resolving, place: place.at(key) });
  if (typeof value === "string") return resolvedText(value, resolving);
  if (Array.isArray(value)) return value.map((one, index) => resolvedValue(one, at(index)));
  if (!isTable(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, resolvedValue(one, at(key))]));
}

const REFERENCE = /\$?\$\{((?:vars|device)\.[^}]*)\}/g;
const WHOLE = /^\$\{((?:vars|device)\.[^}]*)\}$/;

function resolvedText(text: string, { known, place, written }: Resolving): unknown {
  const look = (name: string): unknown => {
    if (known.has(name)) return known.get(name);
    const close = nearest(name, [...known.keys()]);
    const hint = close === null ? `put it into ${VARIABLES_FILE}, or below [vars]` : `did you mean "\${${close}}"?`;
    return place.report(`there is no variable ${quote(name)}`, hint);
  };
  const isTooMuch = (value: unknown): boolean => {
    const { length } = String(value);
    written.bytes += length;
    written.all.bytes += length;
    if (written.bytes <= MAX_WRITTEN && written.all.bytes <= MAX_WRITTEN_IN_ALL) return false;
    const most = written.bytes > MAX_WRITTEN ? "1 MiB" : "16 MiB in all manifests together";
    place.report(`its variables write out more than ${most}`, "keep long texts in files of the workload");
    return true;
  };
  const whole = WHOLE.exec(text)?.[1];
  if (whole !== undefined) {
    const value = look(whole) ?? text;
    return isTooMuch(value) ? "" : value;
  }
  return text.replace(REFERENCE, (reference, name: string) => {
    if (reference.startsWith("$$")) return reference.slice(1);
    const value = look(name);
    if (value === undefined) return reference;
    if (!isPlain(value)) {
      place.report(`${quote(name)} is an array, and can not be written into other text`);
      return reference;
    }
    return isTooMuch(value) ? "" : String(value);
  });
}

function isPlain(value: unknown): boolean {
  return ["string", "number", "bigint", "boolean"].includes(typeof value);
}
