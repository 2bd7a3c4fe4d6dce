import assert from "node:assert/strict";
import { join } from "node:path";
import { locateDaemon } from "../../src/settings/locate_daemon.ts";
import { tempDir } from "../support/temp.ts";

async function reach(text: string | null, env: Record<string, string> = {}) {
  await using dir = await tempDir();
  if (text !== null) await Deno.writeTextFile(join(dir.path, "config.toml"), text);
  const found = await locateDaemon({ file: undefined, cwd: dir.path, env, hostname: "host" });
  return JSON.parse(JSON.stringify(found).replaceAll(dir.path, "/here"));
}

Deno.test("the daemon is reached though its token cannot be read, and though other settings are wrong", async () => {
  const text = '[repo]\nurl = "no url"\ntoken_file = "missing"\nintervall = "1s"\n[nonsense]\n';
  assert.deepEqual(await reach(text), { dataDir: "/here/data" });
  assert.deepEqual(await reach(`data_dir = "/var/lib/harbornode"\n${text}`), { dataDir: "/var/lib/harbornode" });
  assert.deepEqual(await reach(text, { HARBORNODE_DATA_DIR: "state" }), { dataDir: "/here/state" });
});

Deno.test("settings that cannot tell where the daemon is say why", async () => {
  assert.equal((await reach("data_dir = 3\n")).problems[0].field, "data_dir");
  assert.equal((await reach("data_dir = \n")).problems.length, 1);
  assert.equal((await reach(null)).problems[0].message, "there is no such file");
});
