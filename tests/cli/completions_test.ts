/** Completion as shells do it: bash, zsh and fish themselves are asked, with a command line before them. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { COMMANDS } from "../../src/cli/commands.ts";
import { testNeeding } from "../support/prerequisite.ts";
import { tempDir } from "../support/temp.ts";
import { runCommand } from "./run_command.ts";

async function script(shell: string): Promise<string> {
  const { code, out } = await runCommand("completions", shell);
  assert.equal(code, 0);
  return out;
}

/** A folder with the script, a "harbornode" that knows workloads, and files to be completed. */
async function place(shell: string) {
  const dir = await tempDir();
  await Deno.writeTextFile(join(dir.path, "script"), `${await script(shell)}\n`);
  const names = '#!/bin/sh\ncase "$*" in\n"status --names") printf "web\\nweb-db\\ncam\\n" ;;\n' +
    '"status --names --config config.toml") echo other ;;\nesac\n';
  await Deno.writeTextFile(join(dir.path, "harbornode"), names, { mode: 0o755 });
  await Deno.writeTextFile(join(dir.path, "config.toml"), "");
  await Deno.mkdir(join(dir.path, "checkout"));
  return dir;
}

async function run(dir: string, program: string, args: string[]): Promise<string> {
  const env = { PATH: `${dir}:/usr/bin:/bin`, HOME: dir, TERM: "dumb", LC_ALL: "C.UTF-8" };
  const command = new Deno.Command(program, { args, env, clearEnv: true, cwd: dir, stdin: "null" });
  const { stdout, stderr, success } = await command.output();
  const [out, err] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  assert.ok(success, `${out}\n${err}`);
  return out!;
}

/** What each shell offers for a command line; all of it, in any order. */
const CASES: [line: string, offered: string[]][] = [
  ["harbornode st", ["start", "status", "stop"]],
  ["harbornode completions ", ["bash", "fish", "zsh"]],
  ["harbornode logs w", ["web", "web-db"]],
  ["harbornode logs --config config.toml ", ["other"]],
  ["harbornode restart c", ["cam"]],
  ["harbornode sync --w", ["--wait"]],
  ["harbornode validate --policy conf", ["config.toml"]],
  ["harbornode validate ch", ["checkout"]],
  ["harbornode secret ", ["encrypt", "recipient"]],
  ["harbornode help hi", ["history"]],
];

Deno.test("bash offers commands, options, names, words, files and folders", async () => {
  await using dir = await place("bash");
  const lines = CASES.map(([line]) => {
    const words = line.split(" ").map((word) => `'${word}'`).join(" ");
    return `COMP_WORDS=(${words}); COMP_CWORD=$((\${#COMP_WORDS[@]} - 1)); _harbornode 2>/dev/null; echo "\${COMPREPLY[*]}"`;
  });
  await Deno.writeTextFile(join(dir.path, "ask"), ["source ./script", "complete -p harbornode", ...lines].join("\n"));
  const [complete, ...offered] = (await run(dir.path, "bash", ["--norc", "ask"])).trimEnd().split("\n");
  assert.equal(complete, "complete -F _harbornode harbornode");
  assert.deepEqual(offered.map((one) => one.split(" ").sort()), CASES.map(([, wanted]) => wanted));
});

await testNeeding(["shellcheck"], "the script for bash is clean for shellcheck", async () => {
  await using dir = await place("bash");
  assert.equal(await run(dir.path, "shellcheck", ["--shell=bash", "script"]), "");
});

await testNeeding(["fish"], "fish offers commands, options, names, words, files and folders", async () => {
  await using dir = await place("fish");
  for (const [line, wanted] of CASES) {
    const out = await run(dir.path, "fish", ["--no-config", "-c", `source ./script; complete -C '${line}'`]);
    const offered = out.trim().split("\n").map((one) => one.split("\t")[0]!.replace(/\/$/, "")).filter((one) =>
      one !== ""
    );
    assert.deepEqual(offered.sort(), wanted, line);
  }
  const described = await run(dir.path, "fish", ["--no-config", "-c", "source ./script; complete -C 'harbornode sta'"]);
  assert.match(described, /^status\tShow what runs, how it is, and why$/m);
});

await testNeeding(["zsh"], "zsh completes what is typed as far as it is certain", async () => {
  await using dir = await place("zsh");
  // Typed, then TAB; a key of our own writes down what the line has become.
  const typed = CASES.map(([line]) => line);
  const outer = [
    "zmodload zsh/zpty",
    "zpty z zsh -f -i",
    "tell() { zpty -w z $1 }",
    "tell 'PROMPT= ; autoload -Uz compinit; compinit -u -D; source ./script'",
    "tell 'written() { print -r -- \"[$BUFFER]\" >>lines; BUFFER= }; zle -N written; bindkey ^T written'",
    "tell 'setopt no_beep no_list_beep; zstyle \":completion:*\" menu no; print READY''FOR''KEYS'",
    "zpty -r z line '*READYFORKEYS*'",
    ...typed.map((line) => `zpty -w -n z ${JSON.stringify(line)}$'\\t\\x14'`),
    "tell 'exit'",
    "while zpty -r z line; do :; done",
  ];
  await Deno.writeTextFile(join(dir.path, "ask"), outer.join("\n"));
  await run(dir.path, "timeout", ["60", "zsh", "-f", "ask"]);
  const lines = (await Deno.readTextFile(join(dir.path, "lines"))).trimEnd().split("\n");
  assert.deepEqual(lines, [
    "[harbornode st]",
    "[harbornode completions ]",
    "[harbornode logs web]",
    "[harbornode logs --config config.toml other ]",
    "[harbornode restart cam ]",
    "[harbornode sync --wait ]",
    "[harbornode validate --policy config.toml ]",
    "[harbornode validate checkout/]",
    "[harbornode secret ]",
    "[harbornode help history ]",
  ]);
});

Deno.test("every command and every option is in each script, and another shell is refused", async () => {
  for (const shell of ["bash", "zsh", "fish"]) {
    const text = await script(shell);
    for (const { name, flags } of COMMANDS) {
      assert.match(text, new RegExp(`\\b${name}\\b`), `${shell}: ${name}`);
      const dashes = shell === "fish" ? "-l " : "--";
      for (const flag of Object.keys(flags)) {
        assert.ok(text.includes(`${dashes}${flag}`), `${shell}: ${name} --${flag}`);
      }
    }
  }
  assert.equal((await runCommand("completions", "tcsh")).code, 2);
});
