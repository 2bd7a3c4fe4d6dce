/** [pure] Reads a manifest into one workload for each mode that it has and allows. */
import type { RuntimeOptions } from "../model/desired.ts";
import type { Kind } from "../model/workload.ts";
import { type Diagnostic, DiagnosticScope } from "../schema/diagnostic.ts";
import { readFields, type ReadOptions, reportUnknownFields } from "../schema/field_table.ts";
import { isTable, type Table } from "../schema/toml_value.ts";
import { explainInMode, explainName } from "./field_aliases.ts";
import { buildWorkload, type WorkloadRead } from "./build_workload.ts";
import type { Architecture } from "./device/selector.ts";
import {
  allowedModes,
  type Mode,
  type ModeChoiceRead,
  modeOf,
  ModeScope,
  otherMode,
  RUNTIME_OF,
} from "./field/runtime_mode.ts";
import type { SecretFiles } from "./field/secret_fields.ts";
import { isOwnField, MANIFEST_FIELDS, OWN_FIELDS } from "./manifest_fields.ts";
import type { ManifestFile } from "./find_manifests.ts";

/** The fields of a manifest as they were read. */
export interface ManifestRead extends WorkloadRead {
  choice: ModeChoiceRead;
  /** Fields of the kind's own mode that stand below the table of that mode. */
  moved: ReadonlySet<string>;
  /** Names of the fields that the manifest has, for each mode; all others have their defaults. */
  given: Record<Mode, ReadonlySet<string>>;
}

/** Reads every field. Afterwards `diagnostics` has every problem of a single field. */
export function readModes(kind: Kind, document: Table, diagnostics: Diagnostic[]): ManifestRead {
  const own = modeOf(kind);
  const { moved, table } = withOwnFieldsAtTop(own, { document, diagnostics });
  const options = {
    scope: new ModeScope(diagnostics, own, moved),
    explain: (name: string) => explainName(kind, name),
    ignore: (name: string) => name.startsWith("x-"),
  };
  const top = readTop(kind, { table, options });
  const mode = otherMode(own);
  const other = isTable(document[mode]) ? document[mode] : null;
  const otherOptions = {
    scope: new DiagnosticScope(diagnostics).at(mode),
    explain: (name: string) => explainInMode(mode, name),
  };
  const common = Object.keys(document).filter((name) => !isOwnField(own, name));
  const given = { [own]: Object.keys(table), [mode]: [...common, ...Object.keys(other ?? {})] };
  return {
    ...top,
    ...(other === null ? {} : readOther(mode, { table: other, options: otherOptions })),
    moved,
    given: { native: new Set(given.native), container: new Set(given.container) },
  };
}

interface ReadInput {
  table: Table;
  options: ReadOptions;
}

/** The fields at the top of a manifest: the common ones, and those of the kind's own mode. */
function readTop(kind: Kind, { table, options }: ReadInput): Omit<ManifestRead, "moved" | "given"> {
  if (kind === "service") {
    const read = readFields(MANIFEST_FIELDS.service, table, options);
    return { common: read, choice: read, native: read, container: null };
  }
  const read = readFields(MANIFEST_FIELDS.deployment, table, options);
  return { common: read, choice: read, native: null, container: read };
}

function readOther(mode: Mode, { table, options }: ReadInput): Partial<Pick<ManifestRead, Mode>> {
  return mode === "native"
    ? { native: readFields(OWN_FIELDS.native, table, options) }
    : { container: readFields(OWN_FIELDS.container, table, options) };
}

/** Moves the fields below [native] of a service, or [container] of a deployment, to the top of the document. */
function withOwnFieldsAtTop(
  own: Mode,
  { document, diagnostics }: { document: Table; diagnostics: Diagnostic[] },
): { moved: ReadonlySet<string>; table: Table } {
  const below = document[own];
  if (!isTable(below)) return { moved: new Set(), table: document };
  const scope = new DiagnosticScope(diagnostics).at(own);
  const names = Object.keys(below).filter((name) => isOwnField(own, name));
  const moved = names.filter((name) => !Object.hasOwn(document, name));
  for (const name of names.filter((one) => Object.hasOwn(document, one))) {
    scope.at(name).keyError("is said at the top as well", "keep one of the two");
  }
  reportUnknownFields(OWN_FIELDS[own], below, { scope, explain: (name) => explainInMode(own, name) });
  return {
    moved: new Set(moved),
    table: { ...document, ...Object.fromEntries(moved.map((name) => [name, below[name]])) },
  };
}

export interface BuildModesInput {
  manifest: ManifestFile;
  env: Record<string, string>;
  secretFiles: SecretFiles;
  /** Architecture of the device; undefined for a workload of other devices. */
  arch: Architecture | undefined;
  diagnostics: Diagnostic[];
}

/**
 * Returns the workloads of the allowed modes, or undefined when one of them cannot be built. A mode that is not allowed is
 * checked all the same.
 */
export function buildModes(read: ManifestRead, input: BuildModesInput): RuntimeOptions | undefined {
  const { manifest, env, secretFiles, arch, diagnostics } = input;
  const own = modeOf(manifest.kind);
  const available = [own, otherMode(own)].filter((mode) => read[mode] !== null);
  const allowed = allowedModes(read.choice, { available, scope: new DiagnosticScope(diagnostics) });
  const built = available.map((mode) => {
    const ofMode: Diagnostic[] = [];
    const moved = mode === own ? read.moved : new Set(Object.keys(OWN_FIELDS[mode]));
    const workload = buildWorkload(mode, read, {
      manifest,
      env,
      secretFiles,
      given: read.given[mode],
      arch,
      scope: new ModeScope(ofMode, mode, moved),
    });
    return { mode, workload, diagnostics: ofMode };
  });
  diagnostics.push(...merged(built));
  const specs = built.flatMap(({ mode, workload }) => allowed.includes(mode) ? workload ?? [] : []);
  if (specs.length < allowed.length || allowed.length === 0) return undefined;
  const preferred = read.choice.preferred ?? null;
  return { specs, preferred: preferred === null ? null : RUNTIME_OF[preferred] };
}

/**
 * Merges the diagnostics of both modes. What both found in a common field is kept once; what only one of them found there
 * gets the name of the mode.
 */
function merged(built: readonly { mode: Mode; diagnostics: Diagnostic[] }[]): Diagnostic[] {
  if (built.length === 1) return built[0]!.diagnostics;
  const isOf = (mode: Mode, { path: [first] }: Diagnostic) =>
    first === mode || (typeof first === "string" && isOwnField(mode, first));
  const key = ({ path, message }: Diagnostic) => JSON.stringify([path, message]);
  const keys = built.map(({ diagnostics }) => new Set(diagnostics.map(key)));
  return built.flatMap(({ mode, diagnostics }, index) =>
    diagnostics.flatMap((diagnostic) => {
      if (isOf(mode, diagnostic)) return diagnostic;
      if (keys.every((all) => all.has(key(diagnostic)))) return index === 0 ? diagnostic : [];
      const prefix = mode === "native" ? "as a process" : "as a container";
      return { ...diagnostic, message: `${prefix}: ${diagnostic.message}` };
    })
  );
}
