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
import { clearRelease, writeCompressed, writeSums } from "./compile/release.ts";

const ROOT = new URL("../..", import.meta.url).pathname;
const TARGETS = ["x86_64", "aarch64"];

/**
 * What the executable may do. Deno gives /proc/PID to those who may do everything and to nobody else: neither all eight
 * permissions but one, nor all of them with one path or host denied, reads a file of a process
 * (docs.deno.com/runtime/reference/permissions; tests/compiled/permissions_test.ts says so when that changes). A
 * supervisor must know its processes. What a device may do is bounded by who starts it, and what git may ask by
 * `[policy]`.
 */
const PERMISSIONS = ["--allow-all"];

/**
 * Memory first: without compilers 10 MB less than `--optimize-for-size` with 50 services, and 20 after a fetch. A start
 * is as fast, since nothing is worth compiling by then; a page, or a fetch of 1000 files, takes 1.7 times as long.
 * `gc` is for `runtime/native/process/give_back.ts`. Without source positions at hand the first error that is made while
 * the program loads (modern-tar makes one) has V8 read all of it a second time: 30 ms of start.
 */
const V8_FLAGS = ["--lite-mode", "--expose-gc", "--no-enable-lazy-source-positions"];

/** A predictable code cache in /tmp would be trusted by the next start, so there is none. */
const FLAGS = ["--no-code-cache", `--v8-flags=${V8_FLAGS.join(",")}`, "--no-config", "--no-check"];

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
    const args = [...FLAGS, ...PERMISSIONS, "--target", `${target}-unknown-linux-gnu`, "--output", path];
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
