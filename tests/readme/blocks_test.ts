/** No block of a page is there that no test runs. */
import assert from "node:assert/strict";
import { blocksOf } from "./markdown.ts";
import { examplesOf, PAGES, TYPED } from "./pages.ts";

const tests: string[] = [];
for await (const { name } of Deno.readDir(new URL(".", import.meta.url))) {
  if (name.endsWith("_test.ts")) tests.push(await Deno.readTextFile(new URL(name, import.meta.url)));
}

for (const [page, sections] of Object.entries(TYPED)) {
  Deno.test(`every block of ${page} is one that a test runs`, () => {
    const found: Record<string, string[]> = {};
    for (const { heading, language } of blocksOf(PAGES[page]!)) {
      if (language !== "toml") (found[heading] ??= []).push(language);
    }
    assert.deepEqual(found, sections);
    for (const heading of Object.keys(sections)) {
      const call = `typedBlocks("${page}", "${heading}")`;
      assert.ok(tests.some((text) => text.includes(call)), `no test says ${call}`);
    }
  });

  Deno.test(`each block of TOML in ${page} says which file it is`, () => {
    assert.ok(examplesOf(page).length > 4);
  });
}
