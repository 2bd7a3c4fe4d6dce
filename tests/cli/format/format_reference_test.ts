import assert from "node:assert/strict";
import { fieldsOf, SUB_TABLES } from "../../../src/manifest/manifest_fields.ts";
import { formatReference } from "../../../src/cli/format/format_reference.ts";

/** A field's lines as one. */
const ENTRIES = formatReference().split(/\n(?=- |\n)/).map((lines) => lines.replace(/\s+/g, " ").trim());

Deno.test("the reference shows every field of every table, with its default and an example", () => {
  for (const fields of [fieldsOf("service"), fieldsOf("deployment"), ...SUB_TABLES.map((one) => one.fields)]) {
    for (const { name, doc, example, required, defaultText } of fields) {
      const fallback = required === true ? " (required)" : defaultText === "" ? "" : ` (${defaultText})`;
      const shortened = example.replaceAll("0".repeat(64), "...");
      const found = ENTRIES.find((one) =>
        one.startsWith(`- \`${name}\`${fallback}: ${doc}`) && one.endsWith(`\`${shortened}\``)
      );
      assert.ok(found !== undefined, `${name}: ${doc}`);
    }
  }
});

Deno.test("the reference says which words a field takes", () => {
  const overlap = ENTRIES.find((one) => one.startsWith("- `overlap`")) ?? "";
  assert.match(overlap, /: "skip" or "replace" `overlap/);
});

Deno.test("the reference fits in 80 columns, and says nothing of a kind twice", () => {
  for (const line of formatReference().split("\n")) assert.ok(line.length <= 80, line);
  assert.equal(ENTRIES.filter((one) => one.startsWith("- `depends_on`")).length, 1);
});
