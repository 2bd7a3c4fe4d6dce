/** The examples for other supervisors than systemd, as systemd/README.md has them. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { tempDir } from "../support/temp.ts";
import { ROOT } from "./target.ts";

/** By the path that their first comment names. */
async function examples(): Promise<Map<string, string>> {
  const page = await Deno.readTextFile(new URL("systemd/README.md", ROOT));
  const blocks = [...page.matchAll(/^```sh\n(#![^]*?)^```$/gm)].map(([, block]) => block!);
  return new Map(blocks.map((block) => [/^# (\/\S+)$/m.exec(block)![1]!, block]));
}

async function shell(args: string[], options: Deno.CommandOptions = {}): Promise<string> {
  const { stdout, stderr } = await new Deno.Command("sh", { args, ...options }).output();
  return new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
}

Deno.test("the examples for runit and OpenRC are shell scripts, each for the place it names", async () => {
  const all = await examples();
  assert.deepEqual([...all.keys()], [
    "/usr/local/sbin/harbornode-start",
    "/etc/sv/harbornode/run",
    "/etc/sv/harbornode/finish",
    "/etc/sv/harbornode/log/run",
    "/etc/init.d/harbornode",
  ]);
  for (const [path, text] of all) assert.equal(await shell(["-n", "-c", text]), "", path);
});

Deno.test("without systemd an upgrade that does not work is taken back at its third start", async () => {
  await using dir = await tempDir();
  const write = (name: string, text: string) => Deno.writeTextFile(join(dir.path, name), text, { mode: 0o755 });
  const read = (name: string) => Deno.readTextFile(join(dir.path, name)).catch(() => null);
  const start = (await examples()).get("/usr/local/sbin/harbornode-start")!
    .replaceAll("/usr/local/bin", dir.path).replaceAll("/etc/harbornode", dir.path).replace(/^ulimit.*$/m, "");
  await write("harbornode", '#!/bin/sh\necho "new $*"\n');
  assert.equal(await shell(["-c", start]), "new run\n");
  assert.equal(await read("harbornode.trial"), null);

  await write("harbornode.previous", '#!/bin/sh\necho "previous $*"\n');
  await write("harbornode.trial", "version 2.0.0\n");
  const said = [await shell(["-c", start]), await shell(["-c", start]), await shell(["-c", start])];
  assert.deepEqual(said, ["new run\n", "new run\n", "previous run\n"]);
  assert.equal(await read("harbornode.refused"), "version 2.0.0\nstart\nstart\nstart\n");
  assert.equal(await read("harbornode.trial"), null);
  assert.equal(await shell(["-c", start]), "previous run\n");
});
