/** [pure] The tables [native] and [container], in which one manifest says two ways to run, and what chooses of them. */
import type { Kind, RuntimeName } from "../../model/workload.ts";
import { type Field, field, list, oneOf, type Schema, tableSchema } from "../../schema/schema.ts";
import { type Diagnostic, DiagnosticScope, isTable, quote, type Table } from "../../schema/diagnostic.ts";

/** As manifests call it; settings and all else speak of the runtime. */
export type Mode = "native" | "container";

export const RUNTIME_OF: Record<Mode, RuntimeName> = { native: "native", container: "docker" };

/** The mode whose fields may stay at the top of a manifest, and are required. */
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

/** The rows that a manifest of `kind` has for modes; `fieldsOf` are the fields that each mode has of its own. */
export function modeFields(kind: Kind, fieldsOf: Record<Mode, readonly Field[]>): Field[] {
  const own = modeOf(kind);
  const other = otherMode(own);
  const mode = oneOf<Mode>("native", "container");
  return [
    field(own, tableOfMode(optional(fieldsOf[own])), null, {
      doc: `How it runs ${WAYS[own]}; its fields may stay at the top as well`,
      example: OWN_EXAMPLE[own],
    }),
    field(other, tableOfMode(fieldsOf[other]), null, {
      doc: `How it can run ${WAYS[other]} too: the fields of a ${KIND_OF[other]}`,
      example: OTHER_EXAMPLE[other],
    }),
    field("modes", list(mode, 'an array of "native" and "container"'), null, {
      defaultText: "those that it has",
      doc: "The ways in which it may run",
      example: `modes = ["${own}"]`,
    }),
    field("preferred", mode, null, {
      defaultText: `the device's default, else "${own}"`,
      doc: "The way that is taken where the device can go both",
      example: `preferred = "${own}"`,
    }),
  ];
}

function optional(fields: readonly Field[]): Field[] {
  return fields.map((one) => ({ ...one, required: false }));
}

/** Its fields are read together with those at the top; here only that it is a table. */
function tableOfMode(fields: readonly Field[]): Schema<Table> {
  return {
    expected: "a table",
    jsonSchema: tableSchema(fields),
    read: (value, scope) => isTable(value) ? value : scope.error(`is ${quote(value)}, wanted a table`),
  };
}

/** The modes that a manifest allows, of those that it has, in their order; empty when none is. Reports what does not fit. */
export function allowedModes(
  read: Table,
  { there, scope }: { there: readonly Mode[]; scope: DiagnosticScope },
): Mode[] {
  const modes = read.modes as (Mode | undefined)[] | null | undefined;
  if (modes?.length === 0) scope.at("modes").error('is an empty array, wanted "native", "container", or both');
  modes?.forEach((mode, index) => {
    if (mode === undefined || there.includes(mode)) return;
    scope.at("modes").at(index).error(`is "${mode}", and there is no [${mode}]`, `add [${mode}], or take it out`);
  });
  const allowed = there.filter((mode) => modes?.includes(mode) ?? true);
  const preferred = read.preferred as Mode | null | undefined ?? null;
  if (preferred !== null && !allowed.includes(preferred)) {
    const why = there.includes(preferred) ? "modes does not allow it" : `there is no [${preferred}]`;
    scope.at("preferred").error(`is "${preferred}", and ${why}`);
  }
  return allowed;
}

/** Where the fields of a mode are: those of `moved` below its table, all others at the top. */
export class ModeScope extends DiagnosticScope {
  readonly #mode: Mode;
  readonly #moved: ReadonlySet<string>;

  constructor(found: Diagnostic[], mode: Mode, moved: ReadonlySet<string>) {
    super(found);
    this.#mode = mode;
    this.#moved = moved;
  }

  override at(key: string | number): DiagnosticScope {
    return typeof key === "string" && this.#moved.has(key) ? super.at(this.#mode).at(key) : super.at(key);
  }
}
