/** What the pages say of commands, codes, links and dependencies is so. */
import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { COMMANDS } from "../../src/cli/commands.ts";
import { EXIT_MEANINGS } from "../../src/cli/exit_code.ts";
import { REASONS } from "../../src/model/reason.ts";
import { OLDEST_API } from "../../src/runtime/docker/api_types.ts";
import project from "../../deno.json" with { type: "json" };
import { PAGES } from "./pages.ts";

const ROOT = new URL("../../", import.meta.url).pathname;
const README = PAGES["README.md"]!;
const FLAT = README.replace(/\s+/g, " ");
const CONTRIBUTING = await Deno.readTextFile(join(ROOT, ".github/CONTRIBUTING.md"));
const LINKED = {
  ...PAGES,
  ".github/CONTRIBUTING.md": CONTRIBUTING,
  ".github/DEBUGGING.md": await Deno.readTextFile(join(ROOT, ".github/DEBUGGING.md")),
  ".github/SECURITY.md": await Deno.readTextFile(join(ROOT, ".github/SECURITY.md")),
};

Deno.test("the README lists every command, and none that there is not", () => {
  const names = COMMANDS.map(({ name }) => name);
  for (const name of names) assert.match(README, new RegExp(`\`(harbornode )?${name}\\b`), name);
  const told = [...Object.values(PAGES).join("\n").matchAll(/(?:^|`|\| )harbornode ([a-z]+)/gm)].map(([, name]) =>
    name!
  );
  assert.deepEqual([...new Set(told)].filter((name) => ![...names, "help"].includes(name)), []);
});

Deno.test("the README gives the exit codes that help gives", () => {
  const [, told] = /Exit codes: ([^.]*)\./.exec(FLAT) ?? [];
  const codes = [...(told ?? "").matchAll(/(?:^|, )(\d+) /g)].map(([, code]) => Number(code));
  assert.deepEqual(codes, EXIT_MEANINGS.map(([code]) => code));
  // What help says in the words of one command, the README says in its own.
  for (const [code, meaning] of EXIT_MEANINGS) {
    if (!meaning.includes(":")) assert.ok(told!.includes(`${code} ${meaning}`), meaning);
  }
});

Deno.test("the codes that the README explains are those of the device", () => {
  const section = README.slice(README.indexOf("## When something is wrong"), README.indexOf("## Safety"));
  const codes = [...section.matchAll(/^\| `([a-z_]+)`/gm)].map(([, code]) => code!);
  assert.equal(codes.length, 3);
  for (const code of codes) assert.ok(code in REASONS, code);
});

Deno.test("what HarborNode needs is what is asked for", async () => {
  const install = await Deno.readTextFile(join(ROOT, "install.sh"));
  const [, glibc] = /\| glibc (\d+\.\d+) or newer/.exec(README) ?? [];
  assert.ok(install.includes(`glibc ${glibc}`), `install.sh knows nothing of glibc ${glibc}`);
  assert.ok(README.includes(`Docker's API ${OLDEST_API} `), OLDEST_API);
});

for (const [page, text] of Object.entries(LINKED)) {
  Deno.test(`the tasks that ${page} names exist, and every link leads to a file and a heading`, async () => {
    for (const [, task] of text.matchAll(/\btask ([a-z]+)\b/g)) assert.ok(task! in project.tasks, task);
    for (const [, target] of text.matchAll(/\]\((?!https?:)([^)]+)\)/g)) {
      const [path, anchor] = target!.split("#");
      const file = path === "" ? join(ROOT, page) : join(ROOT, dirname(page), path!);
      await Deno.stat(file);
      if (anchor === undefined) continue;
      const headings = [...(await Deno.readTextFile(file)).matchAll(/^#+ (.*)$/gm)].map(([, heading]) =>
        slug(heading!)
      );
      assert.ok(headings.includes(anchor), `${target}: ${headings.join(", ")}`);
    }
  });
}

/** As GitHub makes an anchor of a heading. */
function slug(heading: string): string {
  return heading.toLowerCase().replace(/[^\w\- ]/g, "").replaceAll(" ", "-");
}

Deno.test("every dependency is named, with what it is for", () => {
  for (const name of Object.keys(project.imports)) {
    if (!name.endsWith("/")) assert.ok(CONTRIBUTING.includes(`\`${name}\``), name);
  }
});
