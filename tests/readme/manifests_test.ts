/** What the pages show of a repository, given to `validate`; what they show of config.toml, to those who load it. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { loadSettings } from "../../src/settings/load_config.ts";
import { tempDir } from "../support/temp.ts";
import { writeCheckout } from "./checkout.ts";
import { examplesOf, PAGES, typedBlocks } from "./pages.ts";
import { assertPrinted } from "./printed.ts";
import { Stage } from "./stage.ts";

const ENV = { HARBORNODE_REPO_URL: "https://git.example.org/me/fleet.git" };

Deno.test("the manifests of all pages are valid, in one repository", async () => {
  await using stage = await Stage.create();
  const count = await writeCheckout(stage.work, Object.keys(PAGES));
  const { code, said } = await stage.run("harbornode validate . --device pi-kitchen");
  assert.equal(code, 0, said);
  assert.match(said, new RegExp(`^${count} workloads for device "pi-kitchen"`, "m"));
  assert.match(said, /^page: service, native or docker$/m);
  assert.match(said, /^backup: job$/m);
});

for (const page of Object.keys(PAGES)) {
  Deno.test(`the settings of ${page} are valid, each part of them for itself`, async () => {
    await using dir = await tempDir();
    const parts = examplesOf(page).filter(({ path }) => path === "config.toml");
    assert.ok(parts.length > 0);
    for (const { text } of parts) {
      await Deno.writeTextFile(join(dir.path, "config.toml"), text);
      for (const [, file] of text.matchAll(/(?:_file|allowed_signers) = "([^"]+)"/g)) {
        await Deno.writeTextFile(join(dir.path, file!), "secret");
      }
      const loaded = await loadSettings({ file: undefined, cwd: dir.path, env: ENV, hostname: "device" });
      assert.ok("settings" in loaded, `${JSON.stringify(loaded)}\n${text}`);
    }
  });
}

Deno.test("the mistakes that the README shows are told as it shows them", async () => {
  const [validate, told] = typedBlocks("README.md", "Two manifests");
  await using stage = await Stage.create();
  await writeCheckout(stage.work, ["README.md"]);
  const lines = ["# The lamp", 'comand = ["./lamp.sh"]', "", "stop_timeout = 10"];
  await Deno.writeTextFile(join(stage.work, "services/lamp.toml"), lines.join("\n") + "\n");
  const { code, said } = await stage.run(validate!.text);
  assert.equal(code, 3, said);
  assertPrinted(`...\n${told!.text}`, said);
});

Deno.test("the fleet that the README shows is told as it shows it", async () => {
  const [validate, told] = typedBlocks("README.md", "More than one device");
  await using stage = await Stage.create();
  await writeCheckout(stage.work, ["README.md"]);
  const { code, said } = await stage.run(validate!.text);
  assert.equal(code, 0, said);
  assertPrinted(told!.text, said);
});
