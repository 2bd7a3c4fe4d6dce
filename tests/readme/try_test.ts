/** What a stranger types first: from the clone to the end of the demo. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { eventually } from "../support/eventually.ts";
import { runGit } from "../support/git_environment.ts";
import { testNeeding } from "../support/prerequisite.ts";
import { typedBlocks } from "./pages.ts";
import { assertPrinted } from "./printed.ts";
import { Stage } from "./stage.ts";

const ROOT = new URL("../../", import.meta.url).pathname;
const HOME = "https://github.com/harbornode/harbornode";
/** What a clone would not have, or has no need of. */
const LEFT_OUT = [".git", "dist", ".scratch", "node_modules"];

await testNeeding(
  ["git", "docker"],
  "the README's minute is what happens: a plan, a demo, a push, and nothing left",
  async () => {
    const [begin, beginning, change, changed] = typedBlocks("README.md", "Try it");
    await using stage = await Stage.create();
    await originOf(stage);
    const demo = stage.start(begin!.text);
    const said = async (text: string) =>
      await eventually(`"${text}" is said`, () => {
        if (!demo.said().includes(text)) throw new Error(demo.said());
        return true;
      });
    await said("Ctrl-C stops all of it");
    assertPrinted(beginning!.text, demo.said());
    const [, root] = /a device in (\S+)/.exec(demo.said())!;
    const { code, said: committed } = await stage.run(change!.text.replaceAll("/tmp/", `${stage.env.TMPDIR}/`));
    assert.equal(code, 0, committed);
    await said("started greeter[0]: files/message.txt changed");
    // Nobody types as fast as this: what was not yet known to be healthy is given up, and that is told as well.
    assertPrinted(changed!.text, demo.said().replace(/^.* was given up: .*\n/gm, ""));
    await stage.run("git revert --no-edit HEAD", { cwd: join(root!, "repository") });
    await said('"Revert "Say something else"" asks for 3 workloads');
    await demo.interrupt();
    assert.match(demo.said(), /nothing is left\n$/);
    await assert.rejects(Deno.stat(root!), Deno.errors.NotFound);
  },
);

/** The project's own address leads to this very tree. */
async function originOf(stage: Stage): Promise<void> {
  const origin = join(stage.path, "origin");
  await Deno.mkdir(origin);
  for await (const { name } of Deno.readDir(ROOT)) {
    if (LEFT_OUT.includes(name)) continue;
    await new Deno.Command("cp", { args: ["-R", join(ROOT, name), origin] }).output();
  }
  await runGit(origin, ["init", "--quiet", "--initial-branch=main"]);
  await runGit(origin, ["add", "--all"]);
  await runGit(origin, ["commit", "--quiet", "--message", "HarborNode"]);
  await Deno.writeTextFile(stage.env.GIT_CONFIG_GLOBAL!, `[url "file://${origin}"]\n\tinsteadOf = ${HOME}\n`);
}
