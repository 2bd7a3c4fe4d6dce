/** `harbornode upgrade` where there is nothing to upgrade, and the word that another build asks before it makes way. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { tempDir } from "../support/temp.ts";
import { runCommand } from "./run_command.ts";

Deno.test("an upgrade of what runs from source is refused, and one of no version is told so", async () => {
  const refused = await runCommand("upgrade");
  assert.equal(refused.code, 1);
  assert.match(refused.err, /^error: this HarborNode runs from source, .*\n {2}hint: bring the checkout up to date/);
  const wrong = await runCommand("upgrade", "--version", "newest");
  assert.deepEqual([wrong.code, /--version is "newest", wanted one like 0\.2\.0/.test(wrong.err)], [2, true]);
  assert.equal((await runCommand("upgrade", "--previous", "--check")).code, 2);
});

Deno.test("an executable says whether it could start here, and changes nothing by it", async () => {
  await using dir = await tempDir();
  const config = join(dir.path, "config.toml");
  const state = join(dir.path, "data/state");
  await Deno.writeTextFile(config, '[repo]\nurl = "https://git.example.org/fleet.git"\n');
  assert.deepEqual(await runCommand("check-start", "--config", config), { code: 0, out: "", err: "" });
  assert.deepEqual((await Array.fromAsync(Deno.readDir(dir.path))).map(({ name }) => name), ["config.toml"]);

  await Deno.mkdir(state, { recursive: true });
  await Deno.writeTextFile(join(state, "source.json"), '{"version":99,"by":"9.9.9","value":{}}');
  const newer = await runCommand("check-start", "--config", config);
  assert.equal(newer.code, 1);
  assert.equal(
    newer.err,
    `error: "${join(state, "source.json")}" is of format 99 by HarborNode 9.9.9, and this one reads up to 1`,
  );
  assert.deepEqual((await Array.fromAsync(Deno.readDir(state))).map(({ name }) => name), ["source.json"]);

  await Deno.writeTextFile(config, "[repo]\nurll = 3\n");
  const problems = await runCommand("check-start", "--config", config);
  assert.equal(problems.code, 3);
  assert.match(problems.err, /there is no field named "urll"/);
  assert.doesNotMatch((await runCommand("help")).out, /check-start/);
});
