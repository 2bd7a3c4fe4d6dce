import assert from "node:assert/strict";
import { join } from "node:path";
import { type Intent, Journal } from "../../src/store/journal.ts";
import { tempDir } from "../support/temp.ts";

const WEB: Intent = { workload: "web", actions: ["stop web[0]", "start web[0]"], message: "image changed" };
const API: Intent = { workload: "api", actions: ["start api[0]"], message: "is new on this device" };

async function journalFile() {
  const dir = await tempDir();
  return { path: join(dir.path, "journal.jsonl"), [Symbol.asyncDispose]: () => dir[Symbol.asyncDispose]() };
}

Deno.test("a journal tells the next daemon what was begun and not ended", async () => {
  await using file = await journalFile();
  const journal = await Journal.read(file.path);
  const [web] = await journal.begin([WEB, API]);
  await journal.end(web!);
  await journal.close();
  assert.deepEqual((await Journal.read(file.path)).unfinished, [API]);
});

Deno.test("a journal is empty when nothing is under way, and reading it writes nothing", async () => {
  await using file = await journalFile();
  const journal = await Journal.read(file.path);
  await assert.rejects(Deno.stat(file.path), Deno.errors.NotFound);
  const numbers = [...await journal.begin([WEB]), ...await journal.begin([API])];
  for (const number of numbers) await journal.end(number);
  await journal.close();
  assert.equal((await Deno.stat(file.path)).size, 0);
});

Deno.test("a journal whose last line was torn says what comes before it, whatever byte it ends at", async () => {
  await using file = await journalFile();
  const journal = await Journal.read(file.path);
  await journal.begin([WEB]);
  await journal.begin([API]);
  await journal.close();
  const whole = await Deno.readFile(file.path);
  const first = whole.indexOf(10) + 1;
  for (let length = 0; length <= whole.length; length++) {
    await Deno.writeFile(file.path, whole.subarray(0, length));
    const { unfinished } = await Journal.read(file.path);
    // Without its line end a line is whole all the same.
    const wanted = [...length >= first - 1 ? [WEB] : [], ...length >= whole.length - 1 ? [API] : []];
    assert.deepEqual(unfinished, wanted, `${length} bytes`);
  }
});

Deno.test("a journal that was told of is cleared, and written anew from its beginning", async () => {
  await using file = await journalFile();
  const before = await Journal.read(file.path);
  await before.begin([WEB, API]);
  await before.close();
  const journal = await Journal.read(file.path);
  await journal.clear();
  assert.equal((await Deno.stat(file.path)).size, 0);
  await journal.begin([API]);
  await journal.close();
  assert.deepEqual((await Journal.read(file.path)).unfinished, [API]);
});
