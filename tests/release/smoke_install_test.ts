/** .github/smoke_install against an installer and a daemon that are told what to do: does it see what goes wrong? */
import assert from "node:assert/strict";
import { join } from "node:path";
import { testNeeding } from "../support/prerequisite.ts";
import { tempDir } from "../support/temp.ts";

const SMOKE = new URL("../../.github/smoke_install", import.meta.url).pathname;

/** Puts down what an installer does, and takes it away again; notes what it was asked for. */
const INSTALLER = `#!/bin/sh
echo "$*" >>"$STUBS/asked"
bin=$HARBORNODE_ROOT/usr/local/bin unit=$HARBORNODE_ROOT/etc/systemd/system/harbornode.service
case $* in
  *--purge*) rm -rf "$bin/harbornode" "$unit" "$HARBORNODE_ROOT/etc/harbornode" ;;
  *--uninstall*) rm -f "$bin/harbornode" "$unit" ;;
  *)
    [ ! -e "$unit" ] || echo 'Nothing changed: this is the newest version already'
    mkdir -p "$bin" "\${unit%/*}" "$HARBORNODE_ROOT/etc/harbornode/data"
    touch "$bin/harbornode" "$unit"
    ;;
esac
`;

const STUBS: Record<string, string> = {
  curl: 'case $* in */install.sh) cat "$STUBS/install.sh" ;; *) echo "All 2 workloads are healthy" ;; esac',
  sudo: '"$@"',
  journalctl: "echo the journal",
  harbornode: 'case $1 in version) echo "harbornode 0.2.0 4f2c91a (linux-x86_64)" ;; sync) exit 0 ;; esac',
};

async function smoke({ stubs = {}, installer = INSTALLER }: { stubs?: Record<string, string>; installer?: string }) {
  await using dir = await tempDir();
  for (const [name, body] of Object.entries({ ...STUBS, ...stubs })) {
    await Deno.writeTextFile(join(dir.path, name), `#!/bin/sh\n${body}\n`, { mode: 0o755 });
  }
  await Deno.writeTextFile(join(dir.path, "install.sh"), installer);
  const { code, stdout, stderr } = await new Deno.Command(SMOKE, {
    args: ["v0.2.0"],
    env: { PATH: `${dir.path}:${Deno.env.get("PATH")}`, STUBS: dir.path, HARBORNODE_ROOT: join(dir.path, "root") },
    stdin: "null",
  }).output();
  const asked = (await Deno.readTextFile(join(dir.path, "asked")).catch(() => "")).trim().split("\n");
  return { code, asked, said: new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr) };
}

await testNeeding(["git"], "a release that installs, works and goes is seen to do so", async () => {
  const { code, asked, said } = await smoke({});
  assert.equal(code, 0, said);
  assert.match(said, /v0\.2\.0 installs, works, and goes again\n$/);
  assert.deepEqual(asked.map((line) => line.replace(/ \/.*/, "")), ["--repo", "", "--uninstall", "--repo", "--purge"]);
});

for (
  const { what, says, ...given } of [
    {
      what: "the release cannot be downloaded",
      stubs: { curl: "exit 22" },
      says: /install\.sh cannot be downloaded/,
    },
    {
      what: "another version is installed",
      stubs: { harbornode: 'echo "harbornode 0.1.0 4f2c91a (linux-x86_64)"' },
      says: /says "harbornode 0\.1\.0 .*, wanted 0\.2\.0/,
    },
    {
      what: "a workload does not become healthy",
      stubs: { harbornode: `${STUBS.harbornode!.replace("exit 0", "exit 1")}` },
      says: /not everything became healthy\nthe journal/,
    },
    {
      what: "the page does not say so",
      stubs: { curl: STUBS.curl!.replace("All 2 workloads are healthy", "1 of 2 needs attention") },
      says: /the page does not say/,
    },
    {
      what: "a second run changes something",
      installer: INSTALLER.replace(/echo 'Nothing.*'/, "echo 'Installed'"),
      says: /the second run changed something/,
    },
    {
      what: "an uninstall leaves the executable",
      installer: INSTALLER.replace('rm -f "$bin/harbornode"', "rm -f"),
      says: /the executable is still there/,
    },
    {
      what: "an uninstall takes the data",
      installer: INSTALLER.replace('rm -f "$bin', 'rm -rf "$HARBORNODE_ROOT/etc/harbornode" "$bin'),
      says: /an uninstall took the data/,
    },
    {
      what: "a purge leaves the settings",
      installer: INSTALLER.replace(' "$HARBORNODE_ROOT/etc/harbornode" ;;', " ;;"),
      says: /\/etc\/harbornode is left after a purge/,
    },
  ]
) {
  await testNeeding(["git"], `a release is no good when ${what}`, async () => {
    const { code, said } = await smoke(given);
    assert.notEqual(code, 0, said);
    assert.match(said, says);
  });
}
