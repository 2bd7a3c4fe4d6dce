import assert from "node:assert/strict";
import { byName, changedSettings } from "../../src/settings/changed_settings.ts";
import { SECTIONS } from "../../src/settings/sections.ts";
import { loadGiven, URL_LINE } from "./load_given.ts";

/** All in one folder, so that paths are no difference. */
async function loaded(text: string, files: Record<string, string> = {}) {
  const { settings, problems, cwd } = await loadGiven({ text, files });
  assert.deepEqual(problems, []);
  return JSON.parse(JSON.stringify(settings).replaceAll(cwd, "/here"));
}

Deno.test("every setting that can change has the name that config.toml gives it", async () => {
  const known = SECTIONS.flatMap(({ name, fields }) =>
    Object.keys(fields).map((key) => name === "" ? key : `${name}.${key}`)
  );
  known.push("registry", "notify", "commit_status");
  const names = [...byName(await loaded(URL_LINE)).keys()];
  assert.ok(names.length > 50);
  assert.deepEqual(names.filter((name) => !known.includes(name)), []);
});

Deno.test("what changed is told by name, in any section, and never by value", async () => {
  const before = await loaded(`listen_port = 3080\n${URL_LINE}token = "ghp_before"\ninterval = "1m"\n`);
  assert.deepEqual(changedSettings(before, structuredClone(before)), []);
  const after = await loaded(
    `listen_port = 3081\nlabels = { room = "hall" }\n${URL_LINE}token = "ghp_after"\ninterval = "60s"\n` +
      'require_fast_forward = true\n[docker]\nconfig = "/etc/docker.json"\n' +
      '[registry."ghcr.io"]\nusername = "a"\npassword = "b"\n[[notify]]\ntype = "ntfy"\nurl = "https://ntfy.sh/x"\n',
  );
  assert.deepEqual(changedSettings(before, after), [
    "docker.config",
    "labels",
    "listen_port",
    "notify",
    "registry",
    "repo.require_fast_forward",
    "repo.token",
  ]);
});

Deno.test("another token in the same file is a change", async () => {
  const text = `${URL_LINE}token_file = "token"\n`;
  const [before, after] = [await loaded(text, { token: "one" }), await loaded(text, { token: "two" })];
  assert.deepEqual(changedSettings(before, after), ["repo.token"]);
});
