import assert from "node:assert/strict";
import { join } from "node:path";
import { writeAtomic } from "../../src/store/atomic_file.ts";
import { dataDir, makeDirectories } from "../../src/store/data_dir.ts";
import { removeLeftovers } from "../../src/store/remove_leftovers.ts";
import { tempDir } from "../support/temp.ts";

async function allBelow(root: string, below = ""): Promise<string[]> {
  const found: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(join(root, below))) {
    const path = below === "" ? name : `${below}/${name}`;
    if (isDirectory) found.push(...await allBelow(root, path));
    else found.push(path);
  }
  return found.sort();
}

Deno.test("what a killed daemon left half-written goes, and nothing else", async () => {
  await using made = await tempDir();
  const dir = { ...dataDir(join(made.path, "data"), "test"), run: join(made.path, "run") };
  await makeDirectories(dir);
  const hash = "a".repeat(64);
  const kept = [
    "device.json",
    "notes.tmp",
    "state/source.json",
    "state/source.json.aside-2",
    "state/workloads/web.json",
    `artifacts/${hash}.part`,
    `artifacts/${hash}-zip/app.tmp`,
    "files/web/abc/a.tmp",
    "files/web/live/b.tmp",
    "services/web/data.tmp",
    "logs/web/0.log",
  ];
  const left = [
    "device.json.tmp",
    "identity.txt.tmp",
    "state/source.json.tmp",
    "state/attempt.json.tmp",
    "state/workloads/web.json.tmp",
    `artifacts/${hash}.tmp/half`,
    `artifacts/${hash}.gone/half`,
    "files/web/abc.tmp/deep/half",
    "files/web/live.tmp",
    "files/web/abc.file.tmp",
    "files/gone/def.tmp/half",
  ];
  for (const path of [...kept, ...left]) {
    await Deno.mkdir(join(dir.root, path, ".."), { recursive: true });
    await Deno.writeTextFile(join(dir.root, path), "x");
  }
  await removeLeftovers(dir);
  assert.deepEqual(await allBelow(dir.root), kept.sort());
  await Deno.remove(dir.root, { recursive: true });
  await removeLeftovers(dir);
});

Deno.test("an atomic file that cannot get its name leaves nothing beside it", async () => {
  await using dir = await tempDir();
  await Deno.mkdir(join(dir.path, "a.json"));
  await assert.rejects(writeAtomic(join(dir.path, "a.json"), "x"));
  assert.deepEqual((await Array.fromAsync(Deno.readDir(dir.path))).map(({ name }) => name), ["a.json"]);
});
