/** Sections of config.toml, and the helpers that declare their settings. */
import type { DiagnosticScope } from "../schema/diagnostic.ts";
import { type Field, field, type Fields } from "../schema/field_table.ts";
import type { Schema } from "../schema/schema.ts";

export interface Section<F extends Fields = Fields> {
  /** Empty for the top of the file. */
  name: string;
  fields: F;
}

/** Inputs of a section beside its values. */
export interface SectionContext {
  /** Directory of config.toml, which relative paths start from. */
  base: string;
  home: string;
  hostname: string;
  /** Returns the scope of a setting of this section: in the environment or in the file, where its value comes from. */
  scopeOf: (key: string) => DiagnosticScope;
}

/** Declares a setting. Settings have no examples: the reference prints their defaults. */
export function setting<T>(schema: Schema<T>, defaultValue: NoInfer<T>, doc: string): Field<T, never>;
export function setting<T>(schema: Schema<T>, defaultValue: NoInfer<T> | null, doc: string): Field<T, null>;
export function setting<T>(schema: Schema<T>, defaultValue: undefined, doc: string): Field<T, undefined>;
export function setting<T>(schema: Schema<T>, defaultValue: T | null | undefined, doc: string): Field<T> {
  const defaultText = typeof defaultValue === "object" ? "" : String(defaultValue);
  return field(schema, defaultValue, { defaultText, doc, example: "" });
}
