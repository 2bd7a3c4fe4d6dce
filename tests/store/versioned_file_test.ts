/** Two builds of different formats that take turns on one file. */
import assert from "node:assert/strict";
import { join } from "node:path";
import {
  type Format,
  newerFiles,
  newerSentence,
  newerThan,
  readVersioned,
  writeVersioned,
} from "../../src/store/versioned_file.ts";
import { VERSION } from "../../src/version.ts";
import { tempDir } from "../support/temp.ts";

const OLD: Format<{ n: number }> = {
  version: 2,
  check: (value) => typeof (value as { n?: unknown })?.n === "number" ? value as { n: number } : null,
};
const NEW: Format<{ count: number }> = {
  version: 4,
  raise: { 2: (value) => ({ m: (value as { n: number }).n }), 3: (value) => ({ count: (value as { m: number }).m }) },
  check: (value) => typeof (value as { count?: unknown })?.count === "number" ? value as { count: number } : null,
};

/** As if it had been written so long ago. */
async function age(path: string, seconds: number): Promise<void> {
  const at = Date.now() / 1000 - seconds;
  await Deno.utime(path, at, at);
}

async function names(directory: string): Promise<string[]> {
  return (await Array.fromAsync(Deno.readDir(directory))).map((entry) => entry.name).sort();
}

Deno.test("an older format is raised step by step while it is read, and only the next write raises the file", async () => {
  await using dir = await tempDir();
  const path = join(dir.path, "a.json");
  await writeVersioned(path, OLD, { n: 7 });
  const before = await Deno.readTextFile(path);
  assert.deepEqual(await readVersioned(path, NEW), { count: 7 });
  assert.equal(await Deno.readTextFile(path), before);
  await writeVersioned(path, NEW, { count: 8 });
  assert.deepEqual(await readVersioned(path, NEW), { count: 8 });
  assert.deepEqual(await names(dir.path), ["a.json", "a.json.aside-2"]);
});

Deno.test("an older daemon that is put back has what it knew, and loses nothing of what the newer one wrote", async () => {
  await using dir = await tempDir();
  const path = join(dir.path, "a.json");
  await writeVersioned(path, OLD, { n: 7 });
  await age(path, 60);
  await readVersioned(path, NEW);
  await writeVersioned(path, NEW, { count: 8 });
  await age(path, 30);

  assert.equal(await newerThan(path, OLD.version), null, "what lies beside is there for it");
  assert.deepEqual(await readVersioned(path, OLD), { n: 7 });
  assert.deepEqual(await names(dir.path), ["a.json", "a.json.aside-4"]);
  assert.deepEqual(await readVersioned(path, NEW), { count: 8 }, "the older one wrote nothing since");
  assert.deepEqual(await names(dir.path), ["a.json"]);

  await readVersioned(path, OLD);
  await writeVersioned(path, OLD, { n: 9 });
  assert.deepEqual(await readVersioned(path, NEW), { count: 9 }, "the older one wrote last, and knows more");
});

Deno.test("a newer file that nothing older lies beside is set aside in a sentence that names both versions", async () => {
  await using dir = await tempDir();
  const path = join(dir.path, "a.json");
  await Deno.writeTextFile(path, '{"version":4,"by":"9.9.9","value":{"count":1}}');
  const newer = await newerThan(path, OLD.version);
  assert.deepEqual([newer?.by, newer?.found, newer?.known], ["9.9.9", 4, 2]);
  assert.equal(await readVersioned(path, OLD), null);
  assert.equal(await Deno.readTextFile(`${path}.aside-4`), '{"version":4,"by":"9.9.9","value":{"count":1}}');
  assert.equal(
    newerSentence(newerFiles().find((newerFile) => newerFile.path === path)!),
    `HarborNode 9.9.9 wrote "${path}" in format 4, and this is ${VERSION}, which reads formats up to 2: ` +
      "it was set aside, and counts again with the version that wrote it",
  );
  await writeVersioned(path, OLD, { n: 1 });
  await writeVersioned(path, OLD, { n: 2 });
  assert.equal((await Deno.readTextFile(`${path}.aside-4`)).includes('"count":1'), true, "never written over");
  await Deno.remove(path);
  assert.deepEqual(await readVersioned(path, NEW), { count: 1 });
});

Deno.test("a format that nobody knows how to raise is set aside, as is one that is damaged", async () => {
  await using dir = await tempDir();
  const path = join(dir.path, "a.json");
  await Deno.writeTextFile(path, '{"version":1,"value":{"n":1}}');
  assert.equal(await readVersioned(path, OLD), null);
  await Deno.writeTextFile(path, '{"version":2,"value":{"n":"x"}}');
  assert.equal(await readVersioned(path, OLD), null);
  assert.deepEqual(await names(dir.path), ["a.json.aside-1", "a.json.aside-torn"]);
});
