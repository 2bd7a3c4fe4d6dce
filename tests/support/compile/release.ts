/** What a release is beside its executables: the compressed ones, and SHA256SUMS. */
import { createHash } from "node:crypto";
import { join } from "node:path";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import type { Build } from "./build.ts";

const compress = promisify(gzip);

/** Removes what an earlier run left of a release in the folder: sums of one build must not stand beside files of another. */
export async function clearRelease(dir: string): Promise<void> {
  await Deno.mkdir(dir, { recursive: true });
  for await (const { name } of Deno.readDir(dir)) {
    if (/^(harbornode-linux-|SHA256SUMS)/.test(name)) await Deno.remove(join(dir, name));
  }
}

/** Writes `path`.gz and returns its size in bytes. There is no name and no time in it. */
export async function writeCompressed(path: string): Promise<number> {
  const bytes = await compress(await Deno.readFile(path), { level: 9 });
  await Deno.writeFile(`${path}.gz`, bytes);
  return bytes.length;
}

/**
 * Of the files with these names, in the form of `sha256sum`, whose `-c` takes the first line for a comment: that line is
 * there so that a signature holds the version as well.
 */
export async function writeSums(dir: string, { names, build }: { names: string[]; build: Build }): Promise<void> {
  const lines = [`# harbornode ${build.version} ${build.commit}\n`];
  for (const name of names.toSorted()) {
    const digest = createHash("sha256").update(await Deno.readFile(join(dir, name))).digest("hex");
    lines.push(`${digest}  ${name}\n`);
  }
  await Deno.writeTextFile(join(dir, "SHA256SUMS"), lines.join(""));
}
