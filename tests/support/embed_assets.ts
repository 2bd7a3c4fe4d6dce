/**
 * Writes ui/assets.ts from ui/style.css and ui/live.js: one executable has no files beside it, and text imports are not
 * the same in every Deno we build with. Run it after a change: `deno run -A tests/support/embed_assets.ts`.
 */
const UI = new URL("../../ui/", import.meta.url);

/** The module as it should be. */
export async function assetsModule(): Promise<string> {
  const [style, script] = await Promise.all(
    ["style.css", "live.js"].map((name) => Deno.readTextFile(new URL(name, UI))),
  );
  return [
    "/** Made by tests/support/embed_assets.ts from style.css and live.js: change those. */",
    "// deno-fmt-ignore-file",
    `export const STYLE = ${JSON.stringify(style)};`,
    `export const SCRIPT = ${JSON.stringify(script)};`,
    "",
  ].join("\n");
}

if (import.meta.main) await Deno.writeTextFile(new URL("assets.ts", UI), await assetsModule());
