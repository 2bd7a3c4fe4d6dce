/**
 * `deno task compile [--target x86_64|aarch64|all] [--out DIR]`: the executables, and SHA256SUMS beside them. The Deno
 * that runs this decides the version of the runtime inside.
 *
 * The program is bundled into one file first: npm packages as they are cost 14 MB of file, 20 MB of memory and 50 ms of
 * start. It is not minified, which breaks CommonJS packages.
 */
// deno-lint-ignore-file no-console -- this is a program for a terminal
import { createHash } from "node:crypto";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";

const ROOT = new URL("../..", import.meta.url).pathname;

const { values } = parseArgs({
  args: Deno.args,
  options: { target: { type: "string", default: "all" }, out: { type: "string", default: "dist" } },
});
const out = resolve(ROOT, values.out);
const TARGETS = ["x86_64", "aarch64"];
const targets = values.target === "all" ? TARGETS : TARGETS.filter((target) => target === values.target);
if (targets.length === 0) {
  console.error(`error: --target is "${values.target}", wanted x86_64, aarch64 or all`);
  Deno.exit(2);
}

/**
 * What the executable may do. Deno gives /proc/PID to those who may do everything and to nobody else
 * (docs.deno.com, "Permissions"), and a supervisor must know its processes; with programs to start and a root's
 * reach, narrower flags would be pretence.
 */
const PERMISSIONS = ["--allow-all"];

/**
 * Memory first: without compilers 10 MB less than `--optimize-for-size` with 50 services, and 20 after a fetch. A start
 * is as fast, since nothing is worth compiling by then; a page, or a fetch of 1000 files, takes 1.7 times as long.
 * `gc` is for `runtime/native/process/give_back.ts`.
 */
const V8_FLAGS = ["--lite-mode", "--expose-gc"];

/** A predictable code cache in /tmp would be trusted by the next start, so there is none. */
const FLAGS = ["--no-code-cache", `--v8-flags=${V8_FLAGS.join(",")}`, "--no-config", "--no-check"];

const work = await Deno.makeTempDir({ prefix: "harbornode-compile-" });
try {
  const bundle = join(work, "harbornode.js");
  await deno(ROOT, ["bundle", "--quiet", "--platform=deno", "--output", bundle, "src/main.ts"]);
  const text = (await Deno.readTextFile(bundle)).replaceAll("@COMMIT@", await commit());
  await Deno.writeTextFile(bundle, oneByteText(text));
  await Deno.mkdir(out, { recursive: true });
  for (const target of targets) {
    const path = join(out, `harbornode-linux-${target}`);
    const args = ["compile", "--quiet", ...FLAGS, ...PERMISSIONS, "--target", `${target}-unknown-linux-gnu`];
    // From a folder of its own: nothing of the checkout's settings gets in.
    await deno(work, [...args, "--output", path, bundle]);
    console.log(`${path}  ${((await Deno.stat(path)).size / 1e6).toFixed(1)} MB`);
  }
  await writeSums();
} finally {
  await Deno.remove(work, { recursive: true });
}

async function deno(cwd: string, args: string[]): Promise<void> {
  const { success } = await new Deno.Command(Deno.execPath(), { args, cwd, stdin: "null" }).spawn().status;
  if (success) return;
  console.error(`error: "deno ${args[0]}" failed`);
  Deno.exit(1);
}

/** One character beyond Latin-1, and V8 keeps the whole program in memory with two bytes for each of its characters. */
function oneByteText(program: string): string {
  return program.replace(/[\u0100-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

async function commit(): Promise<string> {
  const git = new Deno.Command("git", { args: ["rev-parse", "--short=7", "HEAD"], cwd: ROOT, stderr: "null" });
  const text = await git.output().then(({ stdout }) => new TextDecoder().decode(stdout).trim(), () => "");
  return /^[0-9a-f]{7,}$/.test(text) ? text : "unknown";
}

async function writeSums(): Promise<void> {
  const lines: string[] = [];
  for (const name of TARGETS.map((target) => `harbornode-linux-${target}`).sort()) {
    const bytes = await Deno.readFile(join(out, name)).catch(() => null);
    if (bytes !== null) lines.push(`${createHash("sha256").update(bytes).digest("hex")}  ${name}\n`);
  }
  await Deno.writeTextFile(join(out, "SHA256SUMS"), lines.join(""));
}
