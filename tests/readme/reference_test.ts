/** The reference in the README is what the tables of fields and settings say. */
import assert from "node:assert/strict";
import { fieldsOf, SUB_TABLES } from "../../src/manifest/manifest_fields.ts";
import { SECTIONS } from "../../src/settings/sections.ts";
import { manifestReference } from "./manifest_reference.ts";
import { escaped, withGenerated } from "./markdown.ts";
import { PAGES } from "./pages.ts";
import { withReference } from "./reference.ts";
import { settingsReference } from "./settings_reference.ts";

const README = PAGES["README.md"]!;

Deno.test('the reference in the README is the one that is generated: else "deno task docs"', async () => {
  assert.equal(await withReference(README), README);
});

Deno.test("the reference has every field and every setting", () => {
  const fields = [...fieldsOf("service"), ...fieldsOf("deployment"), ...SUB_TABLES.flatMap(({ fields }) => fields)];
  const manifests = manifestReference();
  for (const { name } of fields) assert.ok(manifests.includes(`- \`${name}\``), name);
  const settings = settingsReference();
  for (const { fields } of SECTIONS) {
    for (const name of Object.keys(fields)) assert.ok(settings.includes(`| \`${name}\` |`), name);
  }
});

Deno.test("a default is written as a person would write it", () => {
  const settings = settingsReference();
  for (
    const row of [
      '| `interval` | `"1m"` | How often to look |',
      '| `memory_reserve` | `"64Mi"` |',
      '| `uid_range` | `"64000-64999"` |',
      "| `images` | anywhere |",
      "| `url` | required |",
      "| `allow_root` | `false` |",
    ]
  ) assert.ok(settings.includes(row), row);
});

Deno.test("what is generated takes the place of what was, and of nothing else", () => {
  const page = "before\n\n<!-- fields -->\n\nold\n\n<!-- /fields -->\n\nafter\n";
  assert.equal(withGenerated(page, "fields", "new"), page.replace("old", "new"));
  assert.throws(() => withGenerated("no markers", "fields", "new"), /there is no "<!-- fields -->"/);
});

Deno.test("words that Markdown would take for its own are escaped, and code is left as it is", () => {
  assert.equal(escaped("PORT_<NAME> with * in `a*[b]`"), "PORT_\\<NAME> with \\* in `a*[b]`");
});
