import assert from "node:assert/strict";
import { join } from "node:path";
import { syncDirectory, writeAtomic } from "../../src/store/atomic_file.ts";
import { type Format, readVersioned, writeVersioned } from "../../src/store/versioned_file.ts";
import { tempDir } from "../support/temp.ts";

const NUMBER: Format<{ n: number }> = {
  version: 2,
  check: (value) => typeof (value as { n?: unknown })?.n === "number" ? value as { n: number } : null,
};

Deno.test("an atomic file holds the last of many writes at once, and leaves nothing beside it", async () => {
  await using dir = await tempDir();
  const path = join(dir.path, "a.json");
  await Promise.all(Array.from({ length: 20 }, (_, index) => writeAtomic(path, `write ${index}`)));
  assert.equal(await Deno.readTextFile(path), "write 19");
  assert.deepEqual(await names(dir.path), ["a.json"]);
});

Deno.test("an atomic file is whole whenever it is read", async () => {
  await using dir = await tempDir();
  const path = join(dir.path, "a");
  const text = (letter: string) => letter.repeat(4_000_000);
  await writeAtomic(path, text("0"));
  let writing = true;
  const writes = (async () => {
    for (let round = 1; round < 10; round++) await writeAtomic(path, text(String(round)));
    writing = false;
  })();
  let reads = 0;
  while (writing) {
    const seen = await Deno.readTextFile(path);
    assert.equal(seen.length, 4_000_000);
    assert.equal(seen.at(-1), seen[0]);
    reads++;
  }
  await writes;
  assert.ok(reads > 0);
});

Deno.test("an atomic file is for its owner's eyes alone", async () => {
  await using dir = await tempDir();
  await writeAtomic(join(dir.path, "a"), "x");
  assert.equal((await Deno.stat(join(dir.path, "a"))).mode! & 0o777, 0o600);
});

Deno.test("a versioned file cut at any byte is set aside, never trusted", async () => {
  await using dir = await tempDir();
  const path = join(dir.path, "a.json");
  await writeVersioned(path, NUMBER, { n: 12345 });
  const whole = await Deno.readTextFile(path);
  for (let length = 0; length < whole.length - 1; length++) {
    await Deno.writeTextFile(path, whole.slice(0, length));
    assert.equal(await readVersioned(path, NUMBER), null, `cut at ${length}`);
    assert.equal(await Deno.readTextFile(`${path}.aside-torn`), whole.slice(0, length));
  }
  await writeVersioned(path, NUMBER, { n: 1 });
  assert.deepEqual(await readVersioned(path, NUMBER), { n: 1 });
});

Deno.test("a versioned file of a newer daemon is kept aside as it is", async () => {
  await using dir = await tempDir();
  const path = join(dir.path, "a.json");
  await writeVersioned(path, { ...NUMBER, version: 3 }, { n: 7 });
  assert.equal(await readVersioned(path, NUMBER), null);
  assert.deepEqual(await names(dir.path), ["a.json.aside-3"]);
});

Deno.test("a versioned file that was zeroed or holds another shape is set aside", async () => {
  await using dir = await tempDir();
  const path = join(dir.path, "a.json");
  for (const text of ["\0".repeat(64), "null", "[]", '{"version":2}', '{"version":2,"value":{"n":"x"}}']) {
    await Deno.writeTextFile(path, text);
    assert.equal(await readVersioned(path, NUMBER), null, text);
  }
});

async function names(directory: string): Promise<string[]> {
  return (await Array.fromAsync(Deno.readDir(directory))).map((entry) => entry.name).sort();
}

Deno.test("syncs of a folder at once share one that begins after all of them, and failures stay with their folder", async () => {
  await using dir = await tempDir();
  const [first, second] = [syncDirectory(dir.path), syncDirectory(dir.path)];
  assert.equal(first, second);
  await new Promise((resolve) => setTimeout(resolve, 0));
  // The first has begun: it may not see what was renamed since.
  assert.notEqual(syncDirectory(dir.path), first);
  await assert.rejects(syncDirectory(join(dir.path, "gone")), Deno.errors.NotFound);
  await Deno.mkdir(join(dir.path, "gone"));
  await Promise.all([syncDirectory(join(dir.path, "gone")), syncDirectory(dir.path)]);
});
