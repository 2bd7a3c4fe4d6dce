import assert from "node:assert/strict";

Deno.test("the demo comes up healthy, ends by itself, and leaves nothing behind", async () => {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--quiet", new URL("../support/demo.ts", import.meta.url).pathname, "--once"],
    stdin: "null",
  }).output();
  const out = new TextDecoder().decode(stdout);
  const message = out + new TextDecoder().decode(stderr);
  assert.equal(code, 0, message);
  assert.match(out, /The page {8}http:\/\/127\.0\.0\.1:\d+\//);
  assert.match(out, /nothing is left\n$/);
  const root = /a device in (\S+)/.exec(out)?.[1] ?? "";
  await assert.rejects(Deno.stat(root), Deno.errors.NotFound);
  assert.deepEqual(await commandLinesWith(root), [], "a process of the demo is still there");
});

async function commandLinesWith(text: string): Promise<string[]> {
  const found: string[] = [];
  for await (const entry of Deno.readDir("/proc")) {
    const line = await Deno.readTextFile(`/proc/${entry.name}/cmdline`).catch(() => "");
    if (line.includes(text)) found.push(line.replaceAll("\0", " "));
  }
  return found;
}
