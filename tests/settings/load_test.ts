import assert from "node:assert/strict";
import { join } from "node:path";
import { problemLine } from "../../src/model/problem.ts";
import { loadSettings } from "../../src/settings/load.ts";
import type { Settings } from "../../src/settings/settings.ts";
import { tempDir } from "../support/temp.ts";

const URL_LINE = '[repo]\nurl = "https://git.example.org/fleet.git"\n';

interface Given {
  text?: string;
  env?: Record<string, string>;
  files?: Record<string, string>;
  file?: string;
}

async function load(
  { text, env = {}, files = {}, file }: Given,
): Promise<{ cwd: string; settings?: Settings; problems: string[] }> {
  await using dir = await tempDir();
  if (text !== undefined) await Deno.writeTextFile(join(dir.path, "config.toml"), text);
  for (const [name, content] of Object.entries(files)) await Deno.writeTextFile(join(dir.path, name), content);
  const loaded = await loadSettings({ file, cwd: dir.path, env, hostname: "host" });
  if ("settings" in loaded) return { cwd: dir.path, settings: loaded.settings, problems: [] };
  return { cwd: dir.path, problems: loaded.problems.map((one) => `${problemLine(one)} | ${one.hint ?? ""}`) };
}

Deno.test("settings have a default for all but the repository's URL", async () => {
  const { cwd, settings } = await load({ text: URL_LINE });
  assert.deepEqual(settings, {
    file: join(cwd, "config.toml"),
    listenAddress: "0.0.0.0",
    listenPort: 3080,
    dataDir: join(cwd, "data"),
    device: "host",
    labels: {},
    repo: {
      url: "https://git.example.org/fleet.git",
      branch: "main",
      path: ".",
      intervalMs: 60_000,
      timeoutMs: 60_000,
      username: "x-access-token",
      token: null,
    },
    webhook: { secret: null },
    docker: { host: "unix:///var/run/docker.sock" },
    runtime: { dockerEnabled: true, nativeEnabled: true, defaultMode: "native" },
    log: { level: "info", format: "text" },
  });
});

Deno.test("settings from the environment win over the file, and are enough without one", async () => {
  const env = {
    HARBORNODE_LISTEN_PORT: "8000",
    HARBORNODE_LABELS: "room=kitchen,model=pi4",
    HARBORNODE_RUNTIME_DOCKER_ENABLED: "false",
    HARBORNODE_REPO_INTERVAL: "5s",
  };
  const { settings } = await load({ text: `listen_port = 1\n${URL_LINE}`, env });
  assert.deepEqual(
    [settings?.listenPort, settings?.labels, settings?.runtime.dockerEnabled, settings?.repo.intervalMs],
    [8000, { room: "kitchen", model: "pi4" }, false, 5000],
  );
  const alone = await load({ env: { HARBORNODE_REPO_URL: "https://x.example/a.git" } });
  assert.equal(alone.settings?.repo.url, "https://x.example/a.git");
  assert.equal(alone.settings?.file, null);
});

Deno.test("settings name every problem at once, each with its place", async () => {
  const text =
    'listen_prot = 1\nlisten_port = 70000\nurl = "x"\n[repo]\nbranch = "a b"\ninterval = 60\n[log]\nlevel = "warn"\n';
  const env = { HARBORNODE_LISTEN_PROT: "1", HARBORNODE_LISTEN_PORT: "x" };
  const { problems } = await load({ text, env });
  assert.deepEqual(problems, [
    'config.toml:1:1: listen_prot: there is no field named "listen_prot" | did you mean "listen_port"?',
    "config.toml:2:15: listen_port: is 70000, wanted a whole number from 0 to 65535 | ",
    'config.toml:3:1: url: there is no field named "url" | it belongs below [repo]',
    'config.toml:4:2: repo: the field "url" is missing | write url = "https://git.example.org/fleet.git" below [repo]',
    'config.toml:5:10: repo.branch: is "a b", wanted the name of a branch | ',
    'config.toml:6:12: repo.interval: 60 has no unit, wanted a duration like "10s", "1m30s" or "500ms" | write "60s" for seconds',
    'config.toml:8:9: log.level: is "warn", wanted "debug", "info", "warning" or "error" | did you mean "warning"?',
    'environment: HARBORNODE_LISTEN_PROT: there is no setting of this name | did you mean "HARBORNODE_LISTEN_PORT"?',
    'environment: HARBORNODE_LISTEN_PORT: is "x", wanted a whole number from 0 to 65535 | ',
  ]);
});

Deno.test("settings take secrets from files, without the line end that editors add", async () => {
  const text = `${URL_LINE}token_file = "token"\n[webhook]\nsecret_file = "secret"\n`;
  const { settings } = await load({ text, files: { token: "s3cr3t-token\n", secret: "s3cr3t-hook\r\n" } });
  assert.deepEqual([settings?.repo.token, settings?.webhook.secret], ["s3cr3t-token", "s3cr3t-hook"]);
});

Deno.test("settings never quote a secret, whatever is wrong", async () => {
  const cases = [
    `[repo]\nurl = "https://me:s3cr3t@git.example.org/x.git"\n`,
    `${URL_LINE}token = "s3cr3t"\ntoken_file = "token"\n`,
    `${URL_LINE}token = ["s3cr3t"]\n`,
    `${URL_LINE}token_file = "nowhere"\n`,
    `${URL_LINE}[webhook]\nsecret = ""\n`,
  ];
  for (const text of cases) {
    const { problems } = await load({ text, files: { token: "s3cr3t" } });
    assert.ok(problems.length > 0, text);
    assert.ok(!problems.join().includes("s3cr3t"), problems.join("\n"));
  }
});

Deno.test("settings say how to write an address of SSH as https", async () => {
  for (const url of ["git@git.example.org:me/fleet.git", "ssh://git@git.example.org/me/fleet.git"]) {
    const { problems } = await load({ text: `[repo]\nurl = "${url}"\n` });
    assert.match(problems[0]!, /is an SSH address.*\| write "https:\/\/git\.example\.org\/me\/fleet\.git"/);
  }
});

Deno.test("settings that are not there, or no TOML, are a problem with a hint", async () => {
  assert.match((await load({})).problems[0]!, /^config\.toml: there is no such file \| make one with at least/);
  assert.match((await load({ file: "other.toml" })).problems[0]!, /^other\.toml: there is no such file/);
  assert.match((await load({ text: "listen_port = \n" })).problems[0]!, /^config\.toml:\d+:\d+: /);
});
