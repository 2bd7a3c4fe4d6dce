/** [pure] The JSON Schema of a manifest, for editors and a user's own CI. Made from the table of fields. */
import type { Kind } from "../model/workload.ts";
import { fieldsOf } from "./fields.ts";
import { tableSchema } from "./grammar.ts";

/** JSON Schema draft 2020-12. It is as strict as the reader about names, and less about what depends on other files. */
export function manifestSchema(kind: Kind): Record<string, unknown> {
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: `HarborNode ${kind}`,
    ...tableSchema(fieldsOf(kind)),
    patternProperties: { "^x-": {} },
  };
}
