/** `[repo]`: what is followed, and with which files it is reached. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { loadSettings } from "../../src/settings/load_config.ts";
import { tempDir } from "../support/temp.ts";

async function load(dir: string, lines: string) {
  await Deno.writeTextFile(join(dir, "config.toml"), `[repo]\nurl = "ssh://git@host/x"\n${lines}\n`);
  const loaded = await loadSettings({ file: undefined, cwd: dir, env: {}, hostname: "host" });
  return "settings" in loaded
    ? { repo: loaded.settings.repo, problems: [] }
    : { repo: null, problems: loaded.problems.map(({ field, message }) => `${field}: ${message}`) };
}

Deno.test("a repository is followed by branch, or by ref, and not by both", async () => {
  await using dir = await tempDir();
  const ref = async (lines: string) => (await load(dir.path, lines)).repo?.ref;
  assert.deepEqual(await ref(""), { type: "branch", name: "main" });
  assert.deepEqual(await ref('branch = "v1.2"'), { type: "branch", name: "v1.2" });
  assert.deepEqual(await ref('ref = "v1.2"'), { type: "name", name: "v1.2" });
  assert.deepEqual(await ref('ref = "refs/tags/v1.2"'), { type: "tag", name: "v1.2" });
  assert.deepEqual(await ref(`ref = "${"0a".repeat(20)}"`), { type: "commit", name: "0a".repeat(20) });
  assert.deepEqual((await load(dir.path, 'branch = "a"\nref = "b"')).problems, [
    "repo.ref: is set beside branch, and only one of the two can count",
  ]);
  for (const name of ["../x", "a..b", "-x", "a b", "a^{}", "x.lock", "a//b", "@{1}", "/a", "a/"]) {
    assert.equal((await load(dir.path, `ref = "${name}"`)).problems.length, 1, name);
  }
});

Deno.test("files of a repository's settings lie beside config.toml, or among systemd's credentials", async () => {
  await using dir = await tempDir();
  await using credentials = await tempDir();
  await Deno.writeTextFile(join(dir.path, "known_hosts"), "host");
  await Deno.writeTextFile(join(credentials.path, "deploy-key"), "key");
  await Deno.writeTextFile(join(credentials.path, "git-token"), "t0ken\n");
  Deno.env.set("CREDENTIALS_DIRECTORY", credentials.path);
  try {
    const lines = 'known_hosts_file = "known_hosts"\nssh_key_file = "deploy-key"\ntoken_file = "git-token"';
    const { repo, problems } = await load(dir.path, lines);
    assert.deepEqual(problems, []);
    assert.equal(repo?.knownHostsFile, join(dir.path, "known_hosts"));
    assert.equal(repo?.sshKeyFile, join(credentials.path, "deploy-key"));
    assert.equal(repo?.token, "t0ken");
  } finally {
    Deno.env.delete("CREDENTIALS_DIRECTORY");
  }
  assert.deepEqual((await load(dir.path, 'ca_file = "gone.pem"\nproxy = "http://u:p@proxy:1"')).problems, [
    "repo.ca_file: names a file that cannot be read: no such file or directory",
    'repo.proxy: is not a URL like "http://proxy.example.org:3128", without a user',
  ]);
});
