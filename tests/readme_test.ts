/** What the README says is so: its manifests and settings are valid, its commands, exit codes, tasks and files exist. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { COMMANDS } from "../src/cli/commands.ts";
import { EXIT_MEANINGS } from "../src/cli/exit_code.ts";
import { main } from "../src/cli/cli.ts";
import { encrypt } from "../src/secrets/age.ts";
import { newIdentity, recipientOf } from "../src/secrets/x25519.ts";
import { loadSettings } from "../src/settings/load.ts";
import project from "../deno.json" with { type: "json" };
import { tempDir } from "./support/temp.ts";

const ROOT = new URL("../", import.meta.url).pathname;
const README = await Deno.readTextFile(join(ROOT, "README.md"));
const FLAT = README.replace(/\s+/g, " ");

/** The first line of each block of TOML names its file. */
const EXAMPLES = [...README.matchAll(/^```toml\n# (\S+)\n([^]*?)^```$/gm)].map(([, path, text]) => ({
  path: path!,
  text: text!,
}));

Deno.test("each example of TOML in the README says which file it is", () => {
  assert.equal(EXAMPLES.length, [...README.matchAll(/^```toml$/gm)].length);
  assert.ok(EXAMPLES.length > 8);
});

Deno.test("the README's manifests are valid, all of them in one repository", async () => {
  await using dir = await tempDir();
  const manifests = EXAMPLES.filter(({ path }) => path !== "config.toml");
  for (const { path, text } of manifests) {
    const folder = join(dir.path, path.replace(/\.toml$/, ""));
    await Deno.mkdir(folder, { recursive: true });
    await Deno.writeTextFile(join(dir.path, path), text);
    for (const [, file] of text.matchAll(/"\.\/([a-z-]+(?:\.sh)?)"/g)) {
      await Deno.writeTextFile(join(folder, file!), "#!/bin/sh\n", { mode: 0o755 });
    }
  }
  await Deno.mkdir(join(dir.path, "secrets"));
  for (const name of ["tls-key", "shop-ca", "db-password"]) {
    const ciphertext = await encrypt(new Uint8Array([1]), [recipientOf(newIdentity())!]);
    await Deno.writeFile(join(dir.path, `secrets/${name}.age`), ciphertext);
  }
  await Deno.mkdir(join(dir.path, "deployments/web/site"), { recursive: true });
  await Deno.writeTextFile(join(dir.path, "deployments/web/site/index.html"), "<!doctype html>");
  const said: string[] = [];
  const code = await main(["validate", dir.path, "--device", "pi-kitchen"], {
    out: (text) => said.push(text),
    note: (text) => said.push(text),
    signal: new AbortController().signal,
    terminal: false,
  });
  assert.equal(code, 0, said.join("\n"));
  assert.match(said.join("\n"), new RegExp(`^${manifests.length} workloads for device "pi-kitchen"`, "m"));
  assert.match(said.join("\n"), /^page: service, native or docker$/m);
  assert.match(said.join("\n"), /^backup: job$/m);
});

Deno.test("the README's settings are valid, each part of them for itself", async () => {
  await using dir = await tempDir();
  const env = { HARBORNODE_REPO_URL: "https://git.example.org/me/fleet.git" };
  for (const { text } of EXAMPLES.filter(({ path }) => path === "config.toml")) {
    await Deno.writeTextFile(join(dir.path, "config.toml"), text);
    for (const [, file] of text.matchAll(/(?:_file|allowed_signers) = "([^"]+)"/g)) {
      await Deno.writeTextFile(join(dir.path, file!), "secret");
    }
    const loaded = await loadSettings({ file: undefined, cwd: dir.path, env, hostname: "device" });
    assert.ok("settings" in loaded, `${JSON.stringify(loaded)}\n${text}`);
  }
});

Deno.test("the README lists every command", () => {
  for (const { name } of COMMANDS) assert.match(README, new RegExp(`\`(harbornode )?${name}\\b`), name);
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

Deno.test("the README's tasks exist, and every link leads to a file", async () => {
  for (const [, task] of README.matchAll(/\btask ([a-z]+)\b/g)) assert.ok(task! in project.tasks, task);
  for (const [, target] of README.matchAll(/\]\((?!https?:|#)([^)#]+)\)/g)) await Deno.stat(join(ROOT, target!));
});

Deno.test("the README names every dependency", () => {
  for (const name of Object.keys(project.imports)) {
    if (!name.endsWith("/")) assert.ok(README.includes(`\`${name}\``), name);
  }
});
