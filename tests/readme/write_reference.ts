/** `deno task docs [--check]`: writes the reference into the README; with --check only says whether it is there. */
// deno-lint-ignore-file no-console -- this is a program for a terminal
import { README, withReference } from "./reference.ts";

const before = await Deno.readTextFile(README);
const after = await withReference(before);
if (before === after) console.log("README.md has the reference as it is");
else if (Deno.args.includes("--check")) {
  console.error('error: the reference in README.md is another one\n  hint: run "deno task docs"');
  Deno.exit(1);
} else {
  await Deno.writeTextFile(README, after);
  console.log("README.md has a new reference");
}
