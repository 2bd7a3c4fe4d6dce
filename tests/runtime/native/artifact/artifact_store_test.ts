import assert from "node:assert/strict";
import { join } from "node:path";
import { eventually } from "../../../support/eventually.ts";
import { gzip, rawTar } from "./archives.ts";
import { content, givenStore, hurriedClock } from "./given_store.ts";

Deno.test("keep removes what nobody names any more, with pieces of downloads, and nothing else", async () => {
  await using given = await givenStore();
  const archive = await gzip(rawTar([{ name: "d/app", content: content(10) }]));
  const [old, kept] = [given.server.put("old.tar.gz", archive), given.server.put("app", content(20))];
  await given.ensure(old);
  const directory = await given.ensure(kept);
  for (const left of ["part", "tmp", "gone"]) await Deno.mkdir(join(given.dir, `${"0".repeat(64)}.${left}`));
  await given.store.keep([kept]);
  assert.deepEqual(await given.names(), [directory.slice(given.dir.length + 1)]);
  await given.store.keep([]);
  assert.deepEqual(await given.names(), []);
});

Deno.test("keep before anything was downloaded has nothing to do", async () => {
  await using given = await givenStore();
  await given.store.keep([]);
  assert.equal(await Deno.stat(given.dir).catch(() => null), null);
});

Deno.test("keep leaves a download alone that is on its way, and takes it once it is not", async () => {
  await using given = await givenStore({ clock: hurriedClock });
  const artifact = given.server.put("app", content(500_000));
  given.server.faults.push({ type: "hang", after: 200_000 });
  const running = given.failure(artifact);
  await eventually("the download has begun", () => given.server.requests.length > 0);
  await given.store.keep([]);
  assert.match((await running).message, /has sent nothing/);
  assert.deepEqual(await given.names(), [`${artifact.sha256}.part`]);
  await given.store.keep([]);
  assert.deepEqual(await given.names(), []);
});

Deno.test("what a cut left beside an artifact is no artifact, and is in nobody's way", async () => {
  await using given = await givenStore();
  const artifact = given.server.put("app.tar.gz", await gzip(rawTar([{ name: "app", content: content(10) }])));
  await Deno.mkdir(join(given.dir, `${artifact.sha256}.tmp`, "half"), { recursive: true });
  assert.equal(await given.store.folder(artifact), null);
  const directory = await given.ensure(artifact);
  assert.deepEqual(await Array.fromAsync(Deno.readDir(directory), (entry) => entry.name), ["app"]);
});

Deno.test("an artifact that was removed from the disk is brought again", async () => {
  await using given = await givenStore();
  const artifact = given.server.put("app", content(10));
  await Deno.remove(await given.ensure(artifact), { recursive: true });
  assert.equal(await given.store.folder(artifact), null);
  await given.ensure(artifact);
  assert.equal(given.server.requests.length, 2);
});

Deno.test("an artifact whose program was changed or removed is brought again, once", async () => {
  await using given = await givenStore();
  const files = [{ name: "bin/app", content: content(10), mode: 0o755 }, { name: "notes", content: content(5) }];
  const artifact = given.server.put("app.tar.gz", await gzip(rawTar(files)));
  const directory = await given.ensure(artifact);
  await Deno.writeTextFile(join(directory, "notes"), "written by the service");
  await given.ensure(artifact);
  assert.equal(given.server.requests.length, 1);

  const program = join(directory, "bin/app");
  for (const damage of [() => Deno.writeTextFile(program, "other"), () => Deno.remove(program)]) {
    await damage();
    assert.equal(await given.ensure(artifact), directory);
    assert.deepEqual(await Deno.readFile(program), content(10));
  }
  assert.equal(given.server.requests.length, 3);
  await given.ensure(artifact);
  assert.equal(given.server.requests.length, 3);
});

Deno.test("an artifact whose program was changed is better than none when it cannot be brought again", async () => {
  await using given = await givenStore();
  const artifact = given.server.put("app", content(10));
  const directory = await given.ensure(artifact);
  await Deno.writeTextFile(join(directory, "app"), "other");
  given.server.faults.push({ type: "status", status: 404 });
  assert.equal(await given.ensure(artifact), directory);
  assert.equal(await Deno.readTextFile(join(directory, "app")), "other");
});
