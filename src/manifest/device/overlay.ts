/**
 * [pure] Fields for some devices alone: `[overlay."pi-*"]` in a manifest, laid over its other fields. Tables are laid into
 * each other; every other value, an array too, takes the place of what was there. Of several that fit, later ones win.
 */
import { suggest } from "../../schema/suggest.ts";
import {
  type Diagnostic,
  type DiagnosticScope,
  type FieldPath,
  isTable,
  quote,
  type Table,
} from "../../schema/diagnostic.ts";
import { matches, SELECTOR_PATTERN, type Target } from "./selector.ts";

/** Who a workload is, and where it runs, is the same everywhere. */
const SAME_EVERYWHERE = ["name", "on", "moved_from", "overlay"];

/** Of tables in each other that are laid over; a dotted key makes as many as it has dots. */
const MAX_DEPTH = 32;

export interface Overlaid {
  table: Table;
  /** Where a field was written: its own path, or that of the overlay it came from. */
  writtenAt(path: FieldPath): FieldPath;
}

/** The names of overlays that fit the device, in the order of the text. */
export function fittingOverlays(table: Table, target: Target): string[] {
  if (!isTable(table.overlay)) return [];
  return Object.keys(table.overlay).filter((name) => SELECTOR_PATTERN.test(name) && fits(name, target));
}

/** Entries as those of `on`: "pi-*", "!pi-lab", "room=kitchen". */
function fits(name: string, target: Target): boolean {
  return name.startsWith("!") ? !matches(name.slice(1), target) : matches(name, target);
}

/**
 * `place` is told what is wrong with overlays themselves; what is wrong with their fields is found when those are read.
 * What `same` names can not be said in one.
 */
export function overlaid(
  table: Table,
  { names, scope, same = SAME_EVERYWHERE }: {
    names: readonly string[];
    scope: DiagnosticScope;
    same?: readonly string[];
  },
): Overlaid {
  const { overlay, ...own } = table;
  const from = new Map<string, FieldPath>();
  if (overlay !== undefined) checkOverlays(overlay, { own, same, scope: scope.at("overlay") });
  let merged: Table = own;
  for (const name of names) {
    const over = (overlay as Table)[name];
    if (isTable(over)) merged = laidOver(merged, without(over, same), { path: [], name, from });
  }
  return { table: merged, writtenAt: (path) => origin(path, from) };
}

function checkOverlays(
  overlay: unknown,
  { own, same, scope }: { own: Table; same: readonly string[]; scope: DiagnosticScope },
): void {
  if (!isTable(overlay)) {
    scope.error(`is ${quote(overlay)}, wanted tables`, 'write [overlay."pi-*"] on a line of its own');
    return;
  }
  for (const [name, over] of Object.entries(overlay)) {
    if (!SELECTOR_PATTERN.test(name)) {
      const close = suggest(name, Object.keys(own));
      scope.at(name).keyError(
        `${quote(name)} is no device like "pi-*" or "label=value"`,
        close === null ? 'write [overlay."pi-*"]' : `write [overlay."DEVICE"], and ${close} below it`,
      );
    } else if (!isTable(over)) {
      scope.at(name).error(`is ${quote(over)}, wanted a table of fields`, `write [overlay.${quote(name)}]`);
    } else {
      for (const key of same.filter((one) => Object.hasOwn(over, one))) {
        scope.at(name).at(key).keyError(`${key} is the same on every device`, "move it to the top of the manifest");
      }
    }
  }
}

interface Laying {
  path: FieldPath;
  name: string;
  from: Map<string, FieldPath>;
}

function laidOver(below: Table, above: Table, { path, name, from }: Laying): Table {
  const merged = new Map(Object.entries(below));
  for (const [key, value] of Object.entries(above)) {
    const own = [...path, key];
    const before = merged.get(key);
    if (isTable(value) && isTable(before) && own.length < MAX_DEPTH) {
      merged.set(key, laidOver(before, value, { path: own, name, from }));
    } else {
      from.set(idOf(own), ["overlay", name, ...own]);
      merged.set(key, value);
    }
  }
  // Not by assignment: "__proto__" is a name like any other.
  return Object.fromEntries(merged);
}

function origin(path: FieldPath, from: ReadonlyMap<string, FieldPath>): FieldPath {
  for (let length = path.length; length > 0; length--) {
    const found = from.get(idOf(path.slice(0, length)));
    if (found !== undefined) return [...found, ...path.slice(length)];
  }
  return path;
}

function idOf(path: FieldPath): string {
  return path.join("\0");
}

function without(table: Table, names: readonly string[]): Table {
  return Object.fromEntries(Object.entries(table).filter(([name]) => !names.includes(name)));
}

/** The same problems, each where its field was written. */
export function atSource(found: readonly Diagnostic[], writtenAt: Overlaid["writtenAt"]): Diagnostic[] {
  return found.map((one) => ({ ...one, path: writtenAt(one.path) }));
}
