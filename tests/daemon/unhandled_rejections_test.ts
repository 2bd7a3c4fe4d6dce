/** The last line of defence, in a process of its own: here an unhandled rejection would end the test. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { tempDir } from "../support/temp.ts";

const SOURCE = new URL("../../src/", import.meta.url).href;

async function outcome(script: string): Promise<{ code: number; out: string; err: string }> {
  await using dir = await tempDir();
  const path = join(dir.path, "script.ts");
  await Deno.writeTextFile(path, script);
  const config = new URL("../../deno.json", import.meta.url).pathname;
  const args = ["run", "-A", "--quiet", "--no-check", "--config", config, path];
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), { args, stdin: "null" }).output();
  return { code, out: new TextDecoder().decode(stdout), err: new TextDecoder().decode(stderr) };
}

const faulty = (handled: boolean) => `
import { configureLog, registerSecret } from "${SOURCE}log.ts";
import { reportUnhandled } from "${SOURCE}daemon/unhandled_rejections.ts";
await configureLog({ level: "info", format: "text" }, (line) => console.error(line));
registerSecret("hunter2-secret");
const told = [];
${handled ? "using _ = reportUnhandled((message) => told.push(message));" : ""}
Promise.reject(new TypeError("nobody waits, hunter2-secret"));
await new Promise((resolve) => setTimeout(resolve, 0));
setTimeout(() => { throw new RangeError("out of a timer"); }, 0);
await new Promise((resolve) => setTimeout(resolve, 50));
console.log(JSON.stringify(told));
`;

Deno.test("a rejection that nobody handles, and an error out of a timer, are reported, and the process goes on", async () => {
  const { code, out, err } = await outcome(faulty(true));
  assert.equal(code, 0, err);
  assert.deepEqual(JSON.parse(out), [
    "HarborNode has a defect, and goes on: TypeError: nobody waits, ***",
    "HarborNode has a defect, and goes on: RangeError: out of a timer",
  ]);
  assert.match(err, /unhandled rejection; please report this: TypeError: nobody waits, \*\*\*\n +at /);
  assert.match(err, /unhandled error; please report this: RangeError/);
  assert.doesNotMatch(out + err, /hunter2/);
});

Deno.test("without it either ends the process: what is tested above is no fault that goes away by itself", async () => {
  assert.equal((await outcome(faulty(false))).code, 1);
});
