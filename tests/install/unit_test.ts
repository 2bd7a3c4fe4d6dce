/** The unit as systemd reads it; what it does on a device is in tests/device/unit_test.ts. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { EXIT } from "../../src/cli/exit_code.ts";
import { testNeeding } from "../support/prerequisite.ts";
import { tempDir } from "../support/temp.ts";

const UNIT = await Deno.readTextFile(new URL("../../systemd/harbornode.service", import.meta.url));

/** Of the section [Service] and the others alike: no name stands twice. */
function value(name: string): string | undefined {
  return new RegExp(`^${name}=(.*)$`, "m").exec(UNIT)?.[1];
}

await testNeeding(["systemd-analyze"], "systemd has nothing to say against the unit", async () => {
  await using dir = await tempDir();
  const path = join(dir.path, "harbornode.service");
  const verify = async (text: string) => {
    await Deno.writeTextFile(path, text.replaceAll("/usr/local/bin/harbornode", "/bin/true"));
    const { code, stderr } = await new Deno.Command("systemd-analyze", { args: ["verify", path] }).output();
    return { code, said: new TextDecoder().decode(stderr) };
  };
  assert.deepEqual(await verify(UNIT), { code: 0, said: "" });
  assert.match((await verify(UNIT.replace("WatchdogSec", "WatchDogSec"))).said, /WatchDogSec/);
});

Deno.test("the unit knows how the daemon ends, and gives up on none", () => {
  assert.equal(value("RestartPreventExitStatus"), String(EXIT.down));
  assert.equal(value("SuccessExitStatus"), `${EXIT.down} ${EXIT.upgraded}`);
  assert.equal(value("Restart"), "always");
  assert.equal(value("StartLimitIntervalSec"), "0");
});

/** systemd.exec(5): children inherit all of it, and a service would find another system than its author did. */
const INHERITED =
  /^(Protect|Private|Restrict|Lock|ReadOnly|ReadWrite|Inaccessible|Bind|TemporaryFileSystem|SystemCall|Capability|Ambient|NoNewPrivileges|MemoryDenyWriteExecute|RemoveIPC|UMask|User|Group|DynamicUser|RootDirectory|MountFlags|Nice|CPUSched|IOSched|CPUAffinity|Personality)/m;

Deno.test("the unit takes nothing from the daemon that its services would lack", () => {
  const lines = UNIT.split("\n").filter((line) => !line.startsWith("#"));
  assert.deepEqual(lines.filter((line) => INHERITED.test(line)), []);
});

Deno.test("every line of the unit that is a decision says why", () => {
  const bare = ["ExecStart", "ExecReload", "Description", "Documentation", "WantedBy", "Restart", "RestartSec"];
  let said = false;
  const unsaid: string[] = [];
  for (const line of UNIT.split("\n")) {
    if (line.startsWith("#")) said = true;
    else if (line === "" || line.startsWith("[")) said = false;
    else if (!said && !bare.includes(line.split("=")[0]!)) unsaid.push(line);
  }
  assert.deepEqual(unsaid, []);
});
