/** A checkout, looked at for a whole fleet on a machine that is none of it. */
import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { tempDir } from "../support/temp.ts";
import { runCommand } from "./run_command.ts";

const FILES = {
  "devices.toml": `pi-a = { labels = { room = "a" }, arch = "arm64" }\nsrv = { arch = "amd64", docker = true }\n`,
  "services/all.toml": `command = "sleep 9"\n`,
  "services/a.toml": `command = "sleep 9"\non = "room=a"\n`,
  "deployments/db.toml": `image = "postgres:17"\non = { docker = true, arch = "x86_64" }\n`,
  "services/none.toml": `command = "sleep 9"\non = "nobody"\n`,
};

async function say(
  files: Record<string, string>,
  ...args: string[]
): Promise<{ code: number; out: string; err: string }> {
  await using dir = await tempDir();
  for (const [path, text] of Object.entries(files)) {
    await Deno.mkdir(dirname(join(dir.path, path)), { recursive: true });
    await Deno.writeTextFile(join(dir.path, path), text);
  }
  return await runCommand(args[0]!, dir.path, ...args.slice(1));
}

Deno.test("validate --all-devices prints which device would run what", async () => {
  const { code, out, err } = await say(FILES, "validate", "--all-devices");
  assert.equal(code, 0, err);
  assert.equal(
    out,
    [
      "WORKLOAD  KIND        DEVICES",
      "a         service     1 of 2",
      "    pi-a",
      "all       service     2 of 2",
      "    every device",
      "db        deployment  1 of 2",
      "    srv",
      "none                  0 of 2",
      "    no device",
    ].join("\n"),
  );
  assert.equal(err, "2 devices, no problem");
  const json = await say(FILES, "validate", "--all-devices", "--json");
  assert.deepEqual(JSON.parse(json.out).srv, { workloads: ["all", "db"], not_selected: ["a", "none"] });
});

Deno.test("validate --all-devices tells each problem once, and needs to know the devices", async () => {
  const broken = { ...FILES, "services/all.toml": `comand = "sleep 9"\n` };
  const { code, err } = await say(broken, "validate", "--all-devices");
  assert.equal(code, 3);
  assert.equal(err.match(/comand: there is no field/g)?.length, 1, err);
  const { "devices.toml": _, ...without } = FILES;
  const unknown = await say(without, "validate", "--all-devices");
  assert.equal(unknown.code, 2);
  assert.match(unknown.err, /there is no devices\.toml in .* that names the devices/);
  const wrong = await say({ ...FILES, "devices.toml": "[a]\nlabel = 1\n" }, "validate", "--all-devices");
  assert.deepEqual([wrong.code, /devices\.toml:2:1: a\.label/.test(wrong.err)], [3, true]);
});

Deno.test("plan --device shows what a new device of that name would start", async () => {
  const { code, out } = await say(FILES, "plan", "--device", "pi-a");
  assert.equal(code, 0);
  assert.match(out, /^this checkout: 4 actions for 2 workloads$/m);
  assert.match(out, /^ {2}\+ start a\[0\]\n {6}created: is new on this device$/m);
  assert.doesNotMatch(out, /db/);
  assert.match((await say(FILES, "plan", "--device", "srv")).out, /start db\[0\]/);
});
