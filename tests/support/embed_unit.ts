/**
 * Writes src/doctor/service/embedded_unit.ts from systemd/harbornode.service: one executable has no files beside it. Run it
 * after a change: `deno run -A tests/support/embed_unit.ts`.
 */
const ROOT = new URL("../../", import.meta.url);

/** The module as it should be. */
export async function unitModule(): Promise<string> {
  const text = await Deno.readTextFile(new URL("systemd/harbornode.service", ROOT));
  return [
    "/** Made by tests/support/embed_unit.ts from systemd/harbornode.service: change that. */",
    "// deno-fmt-ignore-file",
    `export const UNIT = ${JSON.stringify(text)};`,
    "",
  ].join("\n");
}

if (import.meta.main) {
  await Deno.writeTextFile(new URL("src/doctor/service/embedded_unit.ts", ROOT), await unitModule());
}
