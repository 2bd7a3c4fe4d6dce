/** A section of config.toml: its part of the table of settings. */
import type { Field, Schema } from "../schema/schema.ts";
import type { DiagnosticScope } from "../schema/diagnostic.ts";

export interface Section {
  /** Empty for the top of the file. */
  name: string;
  fields: Field[];
}

/** What the values of a section are resolved with. */
export interface SectionContext {
  /** What a relative path begins at: the folder of config.toml. */
  base: string;
  home: string;
  hostname: string;
  /** Of a setting of this section: in the environment or in the file, wherever its value comes from. */
  scopeOf: (key: string) => DiagnosticScope;
}

export function setting(name: string, schema: Schema<unknown>, fallback: unknown, doc: string): Field {
  return {
    name,
    schema,
    fallback,
    defaultText: typeof fallback === "object" ? "" : String(fallback),
    doc,
    example: "",
  };
}
