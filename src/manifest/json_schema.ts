/** [pure] The JSON Schema of a manifest, for editors and a user's own CI. Made from the table of fields. */
import type { Kind } from "../model/workload.ts";
import { modeOf } from "./field/mode.ts";
import { fieldsOf } from "./fields.ts";
import { tableSchema } from "../schema/schema.ts";

/** JSON Schema draft 2020-12. It is as strict as the reader about names, and less about what depends on other files. */
export function manifestSchema(kind: Kind): Record<string, unknown> {
  const { required = [], ...table } = tableSchema(fieldsOf(kind));
  const own = modeOf(kind);
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: `HarborNode ${kind}`,
    ...table,
    // What the kind requires is at the top, or below the table of its mode.
    anyOf: [{ required }, { required: [own], properties: { [own]: { required } } }],
    patternProperties: { "^x-": {} },
  };
}
