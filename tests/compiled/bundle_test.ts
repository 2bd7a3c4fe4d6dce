import assert from "node:assert/strict";
import { oneByteText, withoutPlaces } from "../support/compile/bundle.ts";

const bundled = (cache: string) =>
  [
    `// ${cache}/registry.npmjs.org/pend/1.2.0/index.js`,
    "var require_pend = __commonJS({",
    `  "${cache}/registry.npmjs.org/pend/1.2.0/index.js"(exports, module) {`,
    "  }",
    "});",
    "// src/main.ts",
    `var said = "${cache}/registry.npmjs.org/pend";`,
  ].join("\n");

Deno.test("a bundle names its modules alike, wherever the checkout and Deno's packages are", () => {
  const [near, far] = ["../.cache/deno/npm", "../../../root/.cache/deno/npm"]
    .map((cache) => withoutPlaces(bundled(cache), cache).split("\n"));
  assert.deepEqual(near!.slice(0, -1), far!.slice(0, -1));
  assert.equal(near![0], "// npm/pend/1.2.0/index.js");
  assert.equal(near!.at(-1), 'var said = "../.cache/deno/npm/registry.npmjs.org/pend";', "what the program says stays");
});

Deno.test("a module from a folder that nobody has foreseen stops the compiler", () => {
  for (const path of ["../elsewhere/x.js", "/elsewhere/x.ts"]) {
    assert.throws(() => withoutPlaces(`// ${path}\nvar x = 1;`, "../npm"), { message: new RegExp(path) });
    assert.throws(() => withoutPlaces(`  "${path}"(exports) {`, "../npm"), { message: new RegExp(path) });
  }
});

Deno.test("a program with characters beyond Latin-1 says the same with one byte for each", () => {
  const program = 'export default ["“”", "→", "é", "🚀", `…`].join("")';
  const small = oneByteText(program);
  assert.ok([...small].every((character) => character <= "\u00ff"));
  const said = (text: string) => new Function(text.replace("export default", "return"))();
  assert.equal(said(small), said(program));
});
