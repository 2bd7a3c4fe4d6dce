/** The whole program as one text, the same wherever it is made. */
import { relative } from "node:path";
import type { Build } from "./build.ts";
import { runDeno } from "./deno.ts";

/**
 * Bundles the checkout in `root` into the file `to`. npm packages as they are cost 14 MB of file, 20 MB of memory and
 * 50 ms of start. It is not minified, which breaks CommonJS packages.
 */
export async function writeBundle(to: string, { root, build }: { root: string; build: Build }): Promise<void> {
  const from = await Deno.realPath(root);
  await runDeno(from, ["bundle", "--quiet", "--frozen", "--platform=deno", "--output", to, "src/main.ts"]);
  const { npmCache } = JSON.parse(await runDeno(from, ["info", "--json"])) as { npmCache: string };
  const cache = await Deno.realPath(npmCache).catch(() => npmCache);
  const bundle = withoutPlaces(await Deno.readTextFile(to), relative(from, cache));
  await Deno.writeTextFile(to, oneByteText(identified(bundle, build)));
  // The executable holds this time.
  await Deno.utime(to, 0, 0);
}

/**
 * [pure] The names of modules, which are paths as seen from the checkout, without what tells where Deno keeps its
 * packages. Throws when a name still leads out of the checkout.
 */
export function withoutPlaces(bundle: string, cache: string): string {
  // Comments, keys of modules, and that is all.
  const named = new RegExp(`^(// |  ")${RegExp.escape(cache)}/[^/\\n]+/`, "gm");
  const result = bundle.replace(named, "$1npm/");
  const stray = /^(?:\/\/ | {2}")((?:\.\.)?\/[^"\n]*\.[cm]?[jt]sx?)\b/m.exec(result)?.[1];
  if (stray !== undefined) throw new Error(`the bundle tells where it was made: "${stray}"`);
  return result;
}

function identified(bundle: string, { version, commit }: Build): string {
  return bundle.replaceAll("@VERSION@", version).replaceAll("@COMMIT@", commit);
}

/**
 * [pure] One character beyond Latin-1, and V8 keeps the whole program in memory with two bytes for each of its
 * characters.
 */
export function oneByteText(program: string): string {
  return program.replace(/[\u0100-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
