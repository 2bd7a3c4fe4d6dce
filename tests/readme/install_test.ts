/** What the README says of installing: typed as it stands there, against a release on loopback in GitHub's place. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { Target } from "../install/target.ts";
import { testNeeding } from "../support/prerequisite.ts";
import { makeKey, signWith } from "../support/ssh_keys.ts";
import { PAGES, typedBlocks } from "./pages.ts";
import { assertPrinted } from "./printed.ts";

const RELEASES = "harbornode/harbornode/releases";
const [curlLine, more, verify, verified] = typedBlocks("README.md", "Install");
const INSTALL_SH = await Deno.readTextFile(new URL("../../install.sh", import.meta.url));

/** Version 0.1.0, which is not the latest, and 0.2.0, which is. */
async function published(): Promise<Target> {
  const target = await Target.make();
  for (const [version, folder] of [["0.1.0", "download/v0.1.0"], ["0.2.0", "latest/download"]] as const) {
    await target.release(version, { folder: `${RELEASES}/${folder}/` });
    target.served.set(`${RELEASES}/${folder}/install.sh`, INSTALL_SH);
  }
  const curl = (await new Deno.Command("sh", { args: ["-c", "command -v curl"] }).output()).stdout;
  // Nothing leaves this machine: the hosts of GitHub are the server of the test, which knows no TLS.
  await target.stub(
    "curl",
    `for word; do
  shift
  case $word in
    https://github.com/* | https://raw.githubusercontent.com/*) word=${target.origin}/\${word#https://*/} ;;
    =https) word='=http,https' ;;
  esac
  set -- "$@" "$word"
done
exec ${new TextDecoder().decode(curl).trim()} "$@"`,
  );
  return target;
}

async function type(target: Target, text: string): Promise<{ code: number; message: string }> {
  const { HARBORNODE_BASE_URL: _, ...env } = target.environment();
  const options = { args: ["-e", "-c", text], clearEnv: true, env, cwd: target.dir.path, stdin: "null" } as const;
  const { code, stdout, stderr } = await new Deno.Command("/bin/sh", { ...options, args: [...options.args] }).output();
  return { code, message: new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr) };
}

Deno.test("the README's one line installs the latest release, and puts there what its table says", async () => {
  await using target = await published();
  const { code, message } = await type(target, curlLine!.text);
  assert.equal(code, 0, message);
  assert.match(message, /HarborNode 0\.2\.0 is installed/);
  await target.runDaemon();
  const [, section = ""] = /^## Install$([^]*?)^##/m.exec(PAGES["README.md"]!) ?? [];
  const paths = [...section.matchAll(/^\| `(\/[^`]+)` /gm)].map(([, path]) => path!);
  assert.equal(paths.length, 6);
  for (const path of paths) await Deno.stat(target.root + path);
  const again = await type(target, curlLine!.text);
  assert.match(again.message, /Nothing changed/);
});

Deno.test("what the README says of the installer's flags is what they do, one after the other", async () => {
  await using target = await published();
  const [download, ...lines] = more!.text.trim().split("\n");
  assert.equal((await type(target, download!)).code, 0);
  const claims: Record<string, (message: string) => void | Promise<void>> = {
    "--dry-run": async (message) => {
      assert.match(message, /nothing was changed/);
      assert.deepEqual(await target.files(), ["run"]);
    },
    "--version": (message) => assert.match(message, /HarborNode 0\.1\.0 is installed/),
    "--token-file": (message) => assert.match(message, /HarborNode 0\.2\.0 is installed/),
    "--uninstall": async (message) => {
      assert.match(message, /What stays: /);
      assert.ok((await target.files()).some((path) => path.startsWith("etc/harbornode/config.toml")));
    },
    "--purge": async () => assert.deepEqual((await target.files()).filter((path) => /harbornode/.test(path)), []),
  };
  assert.equal(lines.length, Object.keys(claims).length);
  for (const [index, [flag, claim]] of Object.entries(claims).entries()) {
    assert.ok(lines[index]!.includes(flag), `${lines[index]} has no ${flag}`);
    const { code, message } = await type(target, lines[index]!);
    assert.equal(code, 0, message);
    await claim(message);
    if (flag === "--version") await target.runDaemon();
  }
});

await testNeeding(
  ["ssh-keygen"],
  "a release is verified by hand as the README says, and a forged one is not",
  async () => {
    await using target = await published();
    await target.borrow("ssh-keygen");
    const key = await makeKey(target.dir.path, "release_key");
    const folder = `${RELEASES}/download/v0.1.0`;
    const sums = target.served.get(`${folder}/SHA256SUMS`) as string;
    const signed = await signWith(key, new TextEncoder().encode(sums), { namespace: "harbornode-release" });
    target.served.set(`${folder}/SHA256SUMS.sig`, signed);
    const list = `release@harbornode namespaces="harbornode-release" ${key.line}\n`;
    target.served.set("harbornode/harbornode/main/.github/release_signers", list);
    const text = verify!.text.replaceAll("x86_64", Deno.build.arch);
    const { code, message } = await type(target, text);
    assert.equal(code, 0, message);
    assertPrinted(verified!.text.replaceAll("x86_64", Deno.build.arch), message);
    await Deno.remove(join(target.dir.path, "SHA256SUMS"));
    target.served.set(`${folder}/SHA256SUMS`, sums.replace("0.1.0", "0.1.1"));
    assert.notEqual((await type(target, text)).code, 0);
  },
);
