/** What does not get ready is put back. */
import assert from "node:assert/strict";
import { REPO, Target, UNIT } from "./target.ts";

Deno.test("an executable that does not get ready is put back, with its last lines shown", async () => {
  await using target = await Target.make();
  await target.install(REPO);
  const before = await target.files();
  await target.release("1.1.0", { executable: target.executable("1.1.0", "# BROKEN") });
  const { code, message } = await target.install([]);
  assert.equal(code, 1, message);
  assert.match(message, /HarborNode 1\.1\.0 did not get ready. Its last lines:/);
  assert.match(message, /error: the port is taken/);
  assert.match(message, /what was here before is back in place, and runs/);
  assert.deepEqual(await target.files(), before);
  const restarts = (await target.called("systemctl")).filter((call) => call === "restart harbornode");
  assert.equal(restarts.length, 3);
});

Deno.test("a unit that does not get ready is put back with the executable that came with it", async () => {
  await using target = await Target.make();
  await target.install(REPO);
  await target.write("etc/systemd/system/harbornode.service", "# an older unit\n");
  const before = await target.files();
  await target.release("1.1.0", { executable: target.executable("1.1.0", "# BROKEN") });
  const { code, message } = await target.install([]);
  assert.equal(code, 1, message);
  assert.deepEqual(await target.files(), before);
  assert.deepEqual((await target.called("systemctl")).slice(-3), [
    "restart harbornode",
    "daemon-reload",
    "restart harbornode",
  ]);
});

Deno.test("a first start that fails leaves what was installed, to be mended", async () => {
  await using target = await Target.make();
  await target.release("1.0.0", { executable: target.executable("1.0.0", "# BROKEN") });
  const { code, message } = await target.install(REPO);
  assert.equal(code, 1, message);
  assert.match(message, /does not get ready\n {2}hint: mend what its lines say/);
  assert.equal(await target.read("etc/systemd/system/harbornode.service"), UNIT);
  assert.ok((await target.files()).some((path) => path.startsWith("etc/harbornode/config.toml")));
});

Deno.test("settings that the new executable refuses are told before anything is changed", async () => {
  await using target = await Target.make();
  const refuses = 'case $1 in secret) echo "error: $4:2:1: repo.url: is wrong" >&2; exit 3 ;; esac';
  await target.release("1.0.0", { executable: target.executable("1.0.0", refuses) });
  const script = (await Deno.readTextFile(new URL("../../install.sh", import.meta.url)))
    // In place of the variable, which is for images: for those the settings are not looked at.
    .replace("root=${HARBORNODE_ROOT:-}", `root=''`).replaceAll("=$root/", `=${target.root}/`);
  const { code, message } = await target.install(REPO, { script });
  assert.equal(code, 1, message);
  assert.match(
    message,
    /these settings do not work; nothing was changed\nerror: config\.toml:2:1: repo\.url: is wrong/,
  );
  assert.deepEqual((await target.files()).filter((path) => /harbornode/.test(path)), []);
});
