/** What the README says is so: its manifests and settings are valid, its commands, exit codes, tasks and files exist. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { COMMANDS } from "../src/cli/commands.ts";
import { EXIT_MEANINGS } from "../src/cli/exit_code.ts";
import { main } from "../src/cli/cli.ts";
import { loadSettings } from "../src/settings/load.ts";
import project from "../deno.json" with { type: "json" };
import { tempDir } from "./support/temp.ts";

const ROOT = new URL("../", import.meta.url).pathname;
const README = await Deno.readTextFile(join(ROOT, "README.md"));
const FLAT = README.replace(/\s+/g, " ");

function blocks(language: string): string[] {
  return [...README.matchAll(new RegExp(`^\`\`\`${language}\\n([^]*?)^\`\`\`$`, "gm"))].map(([, text]) => text!);
}

Deno.test("the README's manifests are valid, the native one, the container's, and the one that is either", async () => {
  await using dir = await tempDir();
  const service = blocks("toml").find((text) => /^command = /m.test(text)) ?? "";
  const deployment = blocks("toml").find((text) => /^image = /m.test(text)) ?? "";
  assert.ok(service !== "" && deployment !== "", "one of the two is gone");
  await Deno.mkdir(join(dir.path, "services/lamp"), { recursive: true });
  await Deno.mkdir(join(dir.path, "deployments/web/site"), { recursive: true });
  await Deno.writeTextFile(join(dir.path, "services/lamp.toml"), service);
  for (const script of ["lamp.sh", "alive.sh"]) {
    await Deno.writeTextFile(join(dir.path, "services/lamp", script), "#!/bin/sh\n", { mode: 0o755 });
  }
  await Deno.writeTextFile(join(dir.path, "deployments/web.toml"), deployment);
  await Deno.writeTextFile(join(dir.path, "deployments/web/site/index.html"), "<!doctype html>");
  const both = blocks("toml").find((text) => text.includes("[container]")) ?? "";
  await Deno.mkdir(join(dir.path, "services/either"), { recursive: true });
  await Deno.writeTextFile(join(dir.path, "services/either.toml"), both);
  await Deno.writeTextFile(join(dir.path, "services/either/serve.sh"), "#!/bin/sh\n", { mode: 0o755 });
  const said: string[] = [];
  const code = await main(["validate", dir.path, "--device", "pi-kitchen"], {
    out: (text) => said.push(text),
    note: (text) => said.push(text),
    signal: new AbortController().signal,
    terminal: false,
  });
  assert.equal(code, 0, said.join("\n"));
  assert.match(said.join("\n"), /^3 workloads for device "pi-kitchen"/m);
  assert.match(said.join("\n"), /^either: service, native or docker$/m);
});

Deno.test("the README's settings are valid", async () => {
  await using dir = await tempDir();
  const settings = blocks("toml").find((text) => text.includes("[repo]")) ?? "";
  await Deno.writeTextFile(join(dir.path, "config.toml"), settings);
  for (const [, file] of settings.matchAll(/_file = "([^"]+)"/g)) {
    await Deno.writeTextFile(join(dir.path, file!), "secret");
  }
  const loaded = await loadSettings({ file: undefined, cwd: dir.path, env: {}, hostname: "device" });
  assert.ok("settings" in loaded, JSON.stringify(loaded));
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
