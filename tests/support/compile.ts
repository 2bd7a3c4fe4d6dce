/**
 * `deno task compile [--target x86_64|aarch64|all] [--out DIR] [--version V]`: a release. The executables, each
 * compressed beside itself, and SHA256SUMS, in `dist` or DIR. The same checkout gives the same bytes, in whichever
 * folder and whenever. The Deno that runs this decides the version of the runtime inside. `--version` is for tests of
 * upgrades, which need a build that is another one.
 */
// deno-lint-ignore-file no-console -- this is a program for a terminal
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { buildOf } from "./compile/build.ts";
import { writeBundle } from "./compile/bundle.ts";
import { runDeno } from "./compile/deno.ts";
import { COMPILE_FLAGS } from "./compile/flags.ts";
import { clearRelease, writeCompressed, writeSums } from "./compile/release.ts";

const ROOT = new URL("../..", import.meta.url).pathname;
const TARGETS = ["x86_64", "aarch64"];

const { values } = parseArgs({
  args: Deno.args,
  options: {
    target: { type: "string", default: "all" },
    out: { type: "string", default: "dist" },
    version: { type: "string" },
  },
});
const targets = values.target === "all" ? TARGETS : TARGETS.filter((target) => target === values.target);
if (targets.length === 0) {
  console.error(`error: --target is "${values.target}", wanted x86_64, aarch64 or all`);
  Deno.exit(2);
}

const work = await Deno.makeTempDir({ prefix: "harbornode-compile-" });
try {
  await compile(resolve(ROOT, values.out));
} catch (error) {
  console.error(`error: ${error instanceof Error ? error.message : error}`);
  Deno.exitCode = 1;
} finally {
  await Deno.remove(work, { recursive: true });
}

async function compile(out: string): Promise<void> {
  const build = await buildOf(ROOT, { version: values.version });
  const bundle = join(work, "harbornode.js");
  await writeBundle(bundle, { root: ROOT, build });
  await clearRelease(out);
  const names = await Promise.all(targets.map(async (target) => {
    const name = `harbornode-linux-${target}`;
    const path = join(out, name);
    const args = [...COMPILE_FLAGS, "--target", `${target}-unknown-linux-gnu`, "--output", path];
    // From a folder of its own: nothing of the checkout's settings gets in.
    await runDeno(work, ["compile", "--quiet", ...args, bundle]);
    const size = (await Deno.stat(path)).size;
    const compressed = await writeCompressed(path);
    console.log(`${path}  ${megabytes(size)}, compressed ${megabytes(compressed)}`);
    return [name, `${name}.gz`];
  }));
  await writeSums(out, { names: names.flat(), build });
  console.log(`harbornode ${build.version} (${build.commit})`);
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
