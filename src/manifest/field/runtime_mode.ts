/** [pure] [native], [container], `modes`, `preferred`: one manifest for two runtimes, and the choice between them. */
import type { Kind, RuntimeName } from "../../model/workload.ts";
import { type Diagnostic, DiagnosticScope } from "../../schema/diagnostic.ts";
import { field, type Fields, fields, tableSchema } from "../../schema/field_table.ts";
import { list, oneOf, type Schema } from "../../schema/schema.ts";
import { isTable, type Table } from "../../schema/toml_value.ts";

/** A runtime as manifests call it. */
export type Mode = "native" | "container";

export const RUNTIME_OF: Record<Mode, RuntimeName> = { native: "native", container: "docker" };

/** Returns the mode whose fields may stand at the top of a manifest of this kind, and are required. */
export function modeOf(kind: Kind): Mode {
  return kind === "service" ? "native" : "container";
}

export function otherMode(mode: Mode): Mode {
  return mode === "native" ? "container" : "native";
}

const KIND_OF: Record<Mode, Kind> = { native: "service", container: "deployment" };
const WAYS: Record<Mode, string> = { native: "as a process", container: "as a container" };
const OWN_EXAMPLE: Record<Mode, string> = {
  native: "native = { nice = 10 }",
  container: 'container = { working_dir = "/srv" }',
};
const OTHER_EXAMPLE: Record<Mode, string> = {
  native: 'native = { command = ["./serve.sh"] }',
  container: 'container = { image = "nginx:1.27" }',
};

/** Declares the fields of a manifest of `kind` that concern modes. `ownFields` are the fields that one mode has only. */
export function modeFields(kind: Kind, ownFields: Record<Mode, Fields>) {
  const own = modeOf(kind);
  const other = otherMode(own);
  const mode = oneOf<Mode>("native", "container");
  const ownTable = field(tableOfMode(ownFields[own], { partial: true }), null, {
    doc: `How it runs ${WAYS[own]}; its fields may stay at the top as well`,
    example: OWN_EXAMPLE[own],
  });
  const otherTable = field(tableOfMode(ownFields[other]), null, {
    doc: `How it can run ${WAYS[other]} too: the fields of a ${KIND_OF[other]}`,
    example: OTHER_EXAMPLE[other],
  });
  // The reference shows the table of the kind's own mode first.
  const tables = own === "native"
    ? { native: ownTable, container: otherTable }
    : { container: ownTable, native: otherTable };
  return fields({
    ...tables,
    modes: field(list(mode, 'an array of "native" and "container"'), null, {
      defaultText: "those that it has",
      doc: "The ways in which it may run",
      example: `modes = ["${own}"]`,
    }),
    preferred: field(mode, null, {
      defaultText: `the device's default, else "${own}"`,
      doc: "The way that is taken where the device can go both",
      example: `preferred = "${own}"`,
    }),
  });
}

/** A table whose fields are read together with those at the top: its schema checks only that it is a table. */
function tableOfMode(fields: Fields, options: { partial?: boolean } = {}): Schema<Table> {
  return {
    expected: "a table",
    jsonSchema: tableSchema(fields, options),
    read: (value, scope) => isTable(value) ? value : scope.mismatch(value, "a table"),
  };
}

/** The fields that choose between modes, as they were read. */
export interface ModeChoiceRead {
  modes: (Mode | undefined)[] | null | undefined;
  preferred: Mode | null | undefined;
}

interface AllowedContext {
  /** Modes that the manifest has, in their order. */
  available: readonly Mode[];
  scope: DiagnosticScope;
}

/** Returns the available modes that the manifest allows. Reports modes that it does not have, and an empty choice. */
export function allowedModes({ modes, preferred }: ModeChoiceRead, { available, scope }: AllowedContext): Mode[] {
  if (modes?.length === 0) scope.at("modes").error('is an empty array, wanted "native", "container", or both');
  modes?.forEach((mode, index) => {
    if (mode === undefined || available.includes(mode)) return;
    scope.at("modes").at(index).error(`is "${mode}", and there is no [${mode}]`, `add [${mode}], or take it out`);
  });
  const allowed = available.filter((mode) => modes?.includes(mode) ?? true);
  if (preferred !== null && preferred !== undefined && !allowed.includes(preferred)) {
    const why = available.includes(preferred) ? "modes does not allow it" : `there is no [${preferred}]`;
    scope.at("preferred").error(`is "${preferred}", and ${why}`);
  }
  return allowed;
}

/** Scope of a mode: the fields in `moved` are below the table of the mode, all others at the top. */
export class ModeScope extends DiagnosticScope {
  readonly #mode: Mode;
  readonly #moved: ReadonlySet<string>;

  constructor(diagnostics: Diagnostic[], mode: Mode, moved: ReadonlySet<string>) {
    super(diagnostics);
    this.#mode = mode;
    this.#moved = moved;
  }

  override at(key: string | number): DiagnosticScope {
    return typeof key === "string" && this.#moved.has(key) ? super.at(this.#mode).at(key) : super.at(key);
  }
}
