/** A checkout of a repository from the TOML blocks of pages, with the files that they speak of. */
import { dirname, join } from "node:path";
import { encrypt } from "../../src/secrets/decrypt_age.ts";
import { newIdentity, recipientOf } from "../../src/secrets/x25519.ts";
import { examplesOf, type Page } from "./pages.ts";

/** Of manifests: what is told of a device is no part of a repository. */
export const manifestsOf = (page: Page) => examplesOf(page).filter(({ path }) => path !== "config.toml");

/** Where two pages have the same file, the later page's counts. Returns how many workloads there are. */
export async function writeCheckout(directory: string, pages: readonly Page[]): Promise<number> {
  const texts = new Map(pages.flatMap(manifestsOf).map(({ path, text }) => [path, text]));
  for (const [path, text] of texts) {
    await write(join(directory, path), text);
    const beside = join(directory, path.replace(/\.toml$/, ""));
    for (const [, file] of text.matchAll(/"\.\/([a-z-]+(?:\.sh)?)"/g)) await write(join(beside, file!), "#!/bin/sh\n");
    for (const [, mounted] of text.matchAll(/"\.\/([a-z]+):\//g)) {
      await write(join(beside, mounted!, "index.html"), "hi");
    }
    for (const [, name] of text.matchAll(/secret = "([a-z-]+)"/g)) await writeSecret(directory, name!);
    for (const [, name] of text.matchAll(/^secrets = \["([a-z-]+)"/gm)) await writeSecret(directory, name!);
  }
  return [...texts.keys()].filter((path) => path.includes("/")).length;
}

async function writeSecret(directory: string, name: string): Promise<void> {
  await Deno.mkdir(join(directory, "secrets"), { recursive: true });
  const ciphertext = await encrypt(new Uint8Array([1]), [recipientOf(newIdentity())!]);
  await Deno.writeFile(join(directory, `secrets/${name}.age`), ciphertext);
}

async function write(path: string, text: string): Promise<void> {
  await Deno.mkdir(dirname(path), { recursive: true });
  await Deno.writeTextFile(path, text, { mode: 0o755 });
}
