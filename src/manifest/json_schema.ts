/** [pure] The JSON Schema of a manifest, for editors and for CI. Generated from the table of fields. */
import type { Kind } from "../model/workload.ts";
import { tableSchema } from "../schema/field_table.ts";
import { modeOf } from "./field/runtime_mode.ts";
import { MANIFEST_FIELDS } from "./manifest_fields.ts";

/** Returns a JSON Schema (draft 2020-12): as strict as the reader about names, and less about what depends on other files. */
export function manifestSchema(kind: Kind): Record<string, unknown> {
  const { required = [], ...table } = tableSchema(MANIFEST_FIELDS[kind]);
  const own = modeOf(kind);
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: `HarborNode ${kind}`,
    ...table,
    // The required fields are at the top, or below the table of the kind's own mode.
    anyOf: [{ required }, { required: [own], properties: { [own]: { required } } }],
    patternProperties: { "^x-": {} },
  };
}
