/** [pure] One manifest to the workloads that it can be: one for each mode that it has and allows. */
import type { ModeChoice } from "../model/desired.ts";
import type { Kind } from "../model/workload.ts";
import { explainInMode, explainName } from "./aliases.ts";
import { allowedModes, type Mode, modeOf, ModeScope, otherMode, RUNTIME_OF } from "./field/mode.ts";
import { fieldsOf, ownFields } from "./fields.ts";
import { readFields } from "../schema/schema.ts";
import type { Architecture } from "./device/selector.ts";
import type { ManifestFile } from "./layout.ts";
import { type Diagnostic, DiagnosticScope, isTable, type Table } from "../schema/diagnostic.ts";
import type { SecretFiles } from "./field/secret_fields.ts";
import { buildWorkload } from "./build_workload.ts";

/** A manifest's fields with their values or defaults: those of its kind, and those of the other mode where it has one. */
export interface ModesRead {
  top: Table;
  /** Null where the manifest has one mode alone. */
  other: Table | null;
  /** Fields of the kind's own mode that are said below its table. */
  moved: ReadonlySet<string>;
  /** Names of the fields that the manifest has, for each mode; what is not among them has its default. */
  said: Record<Mode, ReadonlySet<string>>;
}

/** Every problem of a single field is in `found` afterwards. */
export function readModes(kind: Kind, document: Table, found: Diagnostic[]): ModesRead {
  const own = modeOf(kind);
  const { moved, whole } = lifted(own, { document, found });
  const top = readFields(fieldsOf(kind), whole, {
    scope: new ModeScope(found, own, moved),
    explain: (name) => explainName(kind, name),
    ignore: (name) => name.startsWith("x-"),
  });
  const mode = otherMode(own);
  const table = document[mode];
  const other = isTable(table)
    ? readFields(ownFields(mode), table, {
      scope: new DiagnosticScope(found).at(mode),
      explain: (name) => explainInMode(mode, name),
    })
    : null;
  const common = Object.keys(document).filter((name) => !ownFields(own).some((field) => field.name === name));
  const said = { [own]: Object.keys(whole), [mode]: [...common, ...Object.keys(isTable(table) ? table : {})] };
  return { top, other, moved, said: { native: new Set(said.native), container: new Set(said.container) } };
}

/** The document with the fields of [native] of a service, or [container] of a deployment, lifted to its top. */
function lifted(
  own: Mode,
  { document, found }: { document: Table; found: Diagnostic[] },
): { moved: ReadonlySet<string>; whole: Table } {
  const table = document[own];
  if (!isTable(table)) return { moved: new Set(), whole: document };
  const scope = new DiagnosticScope(found).at(own);
  const names = new Set(ownFields(own).map((field) => field.name));
  const moved = Object.keys(table).filter((name) => names.has(name) && !Object.hasOwn(document, name));
  for (const name of Object.keys(table).filter((one) => names.has(one) && Object.hasOwn(document, one))) {
    scope.at(name).keyError("is said at the top as well", "keep one of the two");
  }
  const strangers = Object.fromEntries(Object.entries(table).filter(([name]) => !names.has(name)));
  const optional = ownFields(own).map((field) => ({ ...field, required: false }));
  readFields(optional, strangers, { scope, explain: (name) => explainInMode(own, name) });
  return {
    moved: new Set(moved),
    whole: { ...document, ...Object.fromEntries(moved.map((one) => [one, table[one]])) },
  };
}

export interface BuildModesInput {
  manifest: ManifestFile;
  env: Record<string, string>;
  secretFiles: SecretFiles;
  /** Of the device that the workload is for; undefined when it is for others. */
  arch: Architecture | undefined;
  found: Diagnostic[];
}

/** The workloads, or undefined when one of them can not be: a mistake in a mode that is not taken is one all the same. */
export function buildModes(read: ModesRead, input: BuildModesInput): ModeChoice | undefined {
  const { manifest, env, secretFiles, arch, found } = input;
  const own = modeOf(manifest.kind);
  const there = read.other === null ? [own] : [own, otherMode(own)];
  const allowed = allowedModes(read.top, { there, scope: new DiagnosticScope(found) });
  const built = there.map((mode) => {
    const all = new Set(ownFields(mode).map((field) => field.name));
    const foundHere: Diagnostic[] = [];
    const fields = mode === own ? read.top : { ...without(read.top, ownFields(own)), ...read.other };
    const scope = new ModeScope(foundHere, mode, mode === own ? read.moved : all);
    const workload = buildWorkload(fields, {
      mode,
      manifest,
      env,
      secretFiles,
      said: read.said[mode],
      arch,
      scope,
    });
    return { mode, workload, found: foundHere };
  });
  found.push(...together(built));
  const specs = built.flatMap(({ mode, workload }) => allowed.includes(mode) ? workload ?? [] : []);
  if (specs.length < allowed.length || allowed.length === 0) return undefined;
  const preferred = read.top.preferred as Mode | null;
  return { specs, preferred: preferred === null ? null : RUNTIME_OF[preferred] };
}

function without(table: Table, fields: ReturnType<typeof ownFields>): Table {
  return Object.fromEntries(Object.entries(table).filter(([name]) => !fields.some((field) => field.name === name)));
}

/** What is wrong with a field of both modes is told once; with a field of both in one mode, with that mode's name. */
function together(built: readonly { mode: Mode; found: Diagnostic[] }[]): Diagnostic[] {
  if (built.length === 1) return built[0]!.found;
  const isOf = (mode: Mode, { path }: Diagnostic) =>
    path[0] === mode || ownFields(mode).some((field) => field.name === path[0]);
  const key = ({ path, message }: Diagnostic) => JSON.stringify([path, message]);
  const keys = built.map(({ found }) => new Set(found.map(key)));
  return built.flatMap(({ mode, found }, index) =>
    found.flatMap((one) => {
      if (isOf(mode, one)) return one;
      if (keys.every((all) => all.has(key(one)))) return index === 0 ? one : [];
      return { ...one, message: `${mode === "native" ? "as a process" : "as a container"}: ${one.message}` };
    })
  );
}
