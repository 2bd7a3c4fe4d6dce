/**
 * install.sh is one file, so that it can be piped into a shell, and holds the text of others: systemd/harbornode.service
 * and .github/release_signers. Run this after a change of these: `deno run -A tests/support/embed_installer.ts`.
 */
const ROOT = new URL("../../", import.meta.url);

/** By the function of install.sh that prints them. */
const EMBEDDED = { release_signers: ".github/release_signers", unit: "systemd/harbornode.service" };

/** install.sh as it should be. */
export async function installer(): Promise<string> {
  let script = await Deno.readTextFile(new URL("install.sh", ROOT));
  for (const [name, path] of Object.entries(EMBEDDED)) {
    const text = await Deno.readTextFile(new URL(path, ROOT));
    const block = new RegExp(`(^${name}\\(\\) \\{\\n {2}cat <<'END'\\n)[^]*?(^END\\n\\}\\n)`, "m");
    if (!block.test(script) || /^END$/m.test(text)) throw new Error(`${path} does not fit into install.sh`);
    script = script.replace(block, (_, before, after) => before + text + after);
  }
  return script;
}

if (import.meta.main) await Deno.writeTextFile(new URL("install.sh", ROOT), await installer());
