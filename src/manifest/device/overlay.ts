/**
 * [pure] Overlays: fields for some devices only, `[overlay."pi-*"]` in a manifest. Tables are merged; every other value,
 * an array too, replaces the value of the manifest. Where several overlays match, later ones win.
 */
import type { Diagnostic, DiagnosticScope, FieldPath } from "../../schema/diagnostic.ts";
import { suggest } from "../../schema/suggest.ts";
import { isTable, quote, type Table } from "../../schema/toml_value.ts";
import { matches, SELECTOR_PATTERN, type Target } from "./selector.ts";

/** Fields that an overlay cannot change: the identity of a workload, and where it runs. */
const SAME_EVERYWHERE = ["name", "on", "moved_from", "overlay"];

/** Deepest level at which tables are merged. A dotted key makes as many tables as it has dots. */
const MAX_DEPTH = 32;

export interface MergedTable {
  table: Table;
  /** Maps the path of a field to where it was written: the same path, or one in an overlay. */
  sourceOf(path: FieldPath): FieldPath;
}

/** Returns the names of the overlays that match the device, in the order of the text. */
export function matchingOverlays(table: Table, target: Target): string[] {
  if (!isTable(table.overlay)) return [];
  return Object.keys(table.overlay).filter((name) => SELECTOR_PATTERN.test(name) && matchesName(name, target));
}

/** A name is an entry as in `on`: "pi-*", "!pi-lab", "room=kitchen". */
function matchesName(name: string, target: Target): boolean {
  return name.startsWith("!") ? !matches(name.slice(1), target) : matches(name, target);
}

/**
 * Merges the overlays named in `names` into the table. Reports to `scope` what is wrong with the overlays themselves, and
 * fields of `same`, which no overlay may have; their other fields are checked when the merged table is read.
 */
export function mergeOverlays(
  table: Table,
  { names, scope, same = SAME_EVERYWHERE }: {
    names: readonly string[];
    scope: DiagnosticScope;
    same?: readonly string[];
  },
): MergedTable {
  const { overlay, ...own } = table;
  const sources = new Map<string, FieldPath>();
  if (overlay !== undefined) checkOverlays(overlay, { own, same, scope: scope.at("overlay") });
  let merged: Table = own;
  for (const name of names) {
    const over = isTable(overlay) ? overlay[name] : undefined;
    if (isTable(over)) merged = merge(merged, without(over, same), { path: [], name, sources });
  }
  return { table: merged, sourceOf: (path) => sourcePath(path, sources) };
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

interface MergeContext {
  path: FieldPath;
  name: string;
  /** Paths in overlays, by the path of the field. */
  sources: Map<string, FieldPath>;
}

function merge(below: Table, above: Table, { path, name, sources }: MergeContext): Table {
  const merged = new Map(Object.entries(below));
  for (const [key, value] of Object.entries(above)) {
    const own = [...path, key];
    const before = merged.get(key);
    if (isTable(value) && isTable(before) && own.length < MAX_DEPTH) {
      merged.set(key, merge(before, value, { path: own, name, sources }));
    } else {
      sources.set(idOf(own), ["overlay", name, ...own]);
      merged.set(key, value);
    }
  }
  // Not by assignment: "__proto__" is a name like any other.
  return Object.fromEntries(merged);
}

function sourcePath(path: FieldPath, sources: ReadonlyMap<string, FieldPath>): FieldPath {
  for (let length = path.length; length > 0; length--) {
    const source = sources.get(idOf(path.slice(0, length)));
    if (source !== undefined) return [...source, ...path.slice(length)];
  }
  return path;
}

function idOf(path: FieldPath): string {
  return path.join("\0");
}

function without(table: Table, names: readonly string[]): Table {
  return Object.fromEntries(Object.entries(table).filter(([name]) => !names.includes(name)));
}

/** Returns the diagnostics with the paths where their fields were written. */
export function atSource(diagnostics: readonly Diagnostic[], sourceOf: MergedTable["sourceOf"]): Diagnostic[] {
  return diagnostics.map((diagnostic) => ({ ...diagnostic, path: sourceOf(diagnostic.path) }));
}
