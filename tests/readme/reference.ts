/** The README with its reference as the tables of fields and settings have it, formatted as everything else is. */
import { folding, manifestReference } from "./manifest_reference.ts";
import { withGenerated } from "./markdown.ts";
import { settingsReference } from "./settings_reference.ts";

export const README = new URL("../../README.md", import.meta.url);

export async function withReference(readme: string): Promise<string> {
  const manifests = withGenerated(readme, "manifest reference", manifestReference());
  return await formatted(withGenerated(manifests, "settings reference", folding("All settings", settingsReference())));
}

async function formatted(markdown: string): Promise<string> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["fmt", "--quiet", "--ext", "md", "-"],
    cwd: new URL("../../", import.meta.url),
    stdin: "piped",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(markdown));
  await writer.close();
  const { success, stdout } = await child.output();
  if (!success) throw new Error('"deno fmt" failed');
  return new TextDecoder().decode(stdout);
}
