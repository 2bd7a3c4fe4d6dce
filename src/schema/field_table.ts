/**
 * [pure] Typed tables of fields. One declaration of a field gives the check of a TOML table, its default, the JSON Schema,
 * the reference and, by inference, the TypeScript type of its value.
 */
import type { DiagnosticScope } from "./diagnostic.ts";
import type { Schema } from "./schema.ts";
import { suggest } from "./suggest.ts";
import { isTable, quote, type Table } from "./toml_value.ts";

/** Value of a field that has no default of its schema's type: null where leaving it out is allowed. */
type NoValue = null | undefined;

/** A field of type `T`. `None` is null or undefined when its default is that, and never when its default is a `T`. */
export interface Field<T = unknown, None extends NoValue = NoValue> {
  /** Its key in the table; `fields` sets it. */
  name: string;
  schema: Schema<T>;
  /** Value when the field is absent. */
  default: T | None;
  /** The default as the reference shows it; empty for none. */
  defaultText: string;
  required: boolean;
  doc: string;
  example: string;
}

export type Fields = Readonly<Record<string, Field>>;

type ValueOf<F> = F extends Field<infer T, infer None> ? T | None : never;

/** Values of a table as `readFields` returns them: undefined where a value was wrong or a required one is missing. */
export type Infer<F extends Fields> = { [Name in keyof F]: ValueOf<F[Name]> | undefined };

/** Values of a table as `withDefaults` returns them: undefined for a required field at most. */
export type InferComplete<F extends Fields> = { [Name in keyof F]: ValueOf<F[Name]> };

export interface FieldDetail {
  /** See `Field.defaultText`. */
  defaultText?: string;
  doc: string;
  example: string;
}

/** Declares a field that may be absent. */
export function field<T>(schema: Schema<T>, defaultValue: NoInfer<T>, detail: FieldDetail): Field<T, never>;
export function field<T>(schema: Schema<T>, defaultValue: NoInfer<T> | null, detail: FieldDetail): Field<T, null>;
export function field<T>(schema: Schema<T>, defaultValue: undefined, detail: FieldDetail): Field<T, undefined>;
export function field<T>(schema: Schema<T>, defaultValue: NoInfer<T> | NoValue, detail: FieldDetail): Field<T>;
export function field<T>(schema: Schema<T>, defaultValue: T | NoValue, detail: FieldDetail): Field<T> {
  return { name: "", schema, default: defaultValue, defaultText: "", required: false, ...detail };
}

/** Declares a field that must be there. Its example is the hint where it is missing. */
export function required<T>(schema: Schema<T>, detail: FieldDetail): Field<T, undefined> {
  return { name: "", schema, default: undefined, defaultText: "", required: true, ...detail };
}

/** Declares a table: the order of the keys is the order of the reference and of problems at the same position. */
export function fields<F extends Fields>(rows: F): F {
  const named = Object.entries(rows).map(([name, row]) => [name, row.name === name ? row : { ...row, name }]);
  // Object.fromEntries forgets the keys; they are those of `rows`.
  return Object.fromEntries(named) as F;
}

/** A table with these fields and no others. `explain` as in `ReadOptions`. */
export function tableOf<F extends Fields>(
  fields: F,
  expected = "a table",
  explain?: ReadOptions["explain"],
): Schema<Infer<F>> {
  return {
    expected,
    jsonSchema: tableSchema(fields),
    read: (value, scope) =>
      isTable(value)
        ? readFields(fields, value, { scope, ...(explain === undefined ? {} : { explain }) })
        : scope.mismatch(value, expected),
  };
}

/** Returns the JSON Schema of a table. With `partial`, no field is required. */
export function tableSchema(fields: Fields, { partial = false } = {}): Record<string, unknown> {
  const rows = Object.values(fields);
  const properties = Object.fromEntries(
    rows.map((row) => [row.name, { ...row.schema.jsonSchema, description: row.doc, ...jsonDefault(row) }]),
  );
  const required = partial ? [] : rows.filter((row) => row.required).map((row) => row.name);
  return { type: "object", properties, additionalProperties: false, ...(required.length === 0 ? {} : { required }) };
}

/** A default that describes no value, like "the file's name", is for people only. */
function jsonDefault({ defaultText }: Field): { default?: unknown } {
  return /^("[^"]*"|\d+|true|false)$/.test(defaultText) ? { default: JSON.parse(defaultText) } : {};
}

export interface ReadOptions {
  scope: DiagnosticScope;
  /** Message and hint for an unknown name, in place of the usual ones; null for the usual ones. */
  explain?: (name: string) => { message?: string; hint?: string } | null;
  /** True for unknown names that are no problem. */
  ignore?: (name: string) => boolean;
}

/** Longest list of field names that a hint shows. */
const MAX_LISTED = 16;

/** Reads every field of a table. Unknown names, wrong values and missing required fields are reported to `scope`. */
export function readFields<F extends Fields>(fields: F, table: Table, options: ReadOptions): Infer<F> {
  const { scope } = options;
  reportUnknownFields(fields, table, options);
  const read: Table = {};
  for (const { name, required, example, schema, default: defaultValue } of Object.values(fields)) {
    const isPresent = Object.hasOwn(table, name);
    if (!isPresent && required) scope.error(`the field "${name}" is missing`, `write ${example}`);
    read[name] = isPresent ? schema.read(table[name], scope.at(name)) : defaultValue;
  }
  // Filled name by name above, each by its own schema or with its own default.
  return read as Infer<F>;
}

/** Reports the names in a table that are no fields of it. */
export function reportUnknownFields(fields: Fields, table: Table, options: ReadOptions): void {
  const { scope, explain = () => null, ignore = () => false } = options;
  const names = Object.keys(fields);
  for (const name of Object.keys(table)) {
    if (names.includes(name) || ignore(name)) continue;
    if (scope.isFull) break;
    const special = explain(name);
    const close = suggest(name, names);
    const all = names.length > MAX_LISTED
      ? '"harbornode schema reference" lists the fields'
      : `the fields are ${names.join(", ")}`;
    const hint = special?.hint ?? (close === null ? all : `did you mean "${close}"?`);
    scope.at(name).keyError(special?.message ?? `there is no field named ${quote(name)}`, hint);
  }
}

/** Returns the values with defaults in place of wrong ones, which were reported already; without `read`, the defaults. */
export function withDefaults<F extends Fields>(fields: F, read?: Infer<F>): InferComplete<F> {
  const complete = Object.values(fields).map((row) => {
    const value = read?.[row.name];
    // Not `??`: null is a value, like "off" of a setting that is on by default.
    return [row.name, value === undefined ? row.default : value];
  });
  // Object.fromEntries forgets the keys; they are those of `fields`.
  return Object.fromEntries(complete) as InferComplete<F>;
}
