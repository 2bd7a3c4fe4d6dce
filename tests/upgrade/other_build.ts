/** Executables of other versions, made of the compiled one in a moment: a release of each would be another compilation. */
import { Buffer } from "node:buffer";
import { join } from "node:path";

export interface BuildFile {
  bytes: Uint8Array<ArrayBuffer>;
  version: string;
  commit: string;
}

/** The compiled executable of HARBORNODE_TEST_DIST, and what SHA256SUMS beside it says that it is. */
export async function thisBuild(architecture: string = Deno.build.arch): Promise<BuildFile & { path: string }> {
  const dist = Deno.env.get("HARBORNODE_TEST_DIST")!;
  const path = join(dist, `harbornode-linux-${architecture}`);
  const [, version = "", commit = ""] =
    /^# harbornode (\S+) (\S+)/.exec(await Deno.readTextFile(join(dist, "SHA256SUMS"))) ?? [];
  return { path, bytes: await Deno.readFile(path), version, commit };
}

/** The same program, which says that it is another version; as long as the one that it takes the place of. */
export function asVersion({ bytes, version: from, commit }: BuildFile, version: string): BuildFile {
  const marker = `compiledIn("${from}")`;
  const at = Buffer.from(bytes.buffer).indexOf(marker);
  if (at < 0 || version.length !== from.length) throw new Error(`no ${marker} to make ${version} of`);
  const other = bytes.slice();
  other.set(new TextEncoder().encode(`compiledIn("${version}")`), at);
  return { bytes: other, version, commit };
}

/** A program that passes for an executable until it is started. */
export function brokenBuild(version: string, daemon: string): BuildFile {
  const text = `#!/bin/sh
case $1 in
  version) echo "harbornode ${version} (4f2c91a) test" ;;
  check-start) ;;
  *) ${daemon} ;;
esac
`;
  return { bytes: new TextEncoder().encode(text), version, commit: "4f2c91a" };
}
