import assert from "node:assert/strict";
import { join } from "node:path";
import { checkPathAccess } from "../../src/runtime/native/sandbox/path_access.ts";
import { singleflight } from "../../src/async/singleflight.ts";
import { eventually } from "../support/eventually.ts";
import { tempDir } from "../support/temp.ts";

Deno.test("a look is shared by all who ask at the same time for the same", async () => {
  await using dir = await tempDir();
  const { look, looks } = counted();
  const path = join(dir.path, "a");
  await Deno.writeTextFile(path, "one");
  const found = await Promise.all([look(path), look(path), look(path)]);
  assert.deepEqual([found, looks()], [["one", "one", "one"], 1]);
  await look("/proc/self/comm");
  assert.equal(looks(), 2);
});

Deno.test("a look that found nothing out is tried again at once", async () => {
  await using dir = await tempDir();
  const { look, looks } = counted();
  const path = join(dir.path, "a");
  await assert.rejects(look(path), Deno.errors.NotFound);
  await Deno.writeTextFile(path, "there now");
  assert.equal(await look(path), "there now");
  assert.equal(looks(), 2);
});

Deno.test("a shared look is soon made anew", async () => {
  await using dir = await tempDir();
  const { look } = counted();
  const path = join(dir.path, "a");
  await Deno.writeTextFile(path, "before");
  await look(path);
  await Deno.writeTextFile(path, "after");
  await eventually("what is new is seen", async () => await look(path) === "after");
});

Deno.test("what a service may not reach is named, by its path and behind a link, and seen at once when it is mended", async () => {
  await using dir = await tempDir();
  await Deno.chmod(dir.path, 0o755);
  const nobody = { uid: 65534, gid: 65534, groups: [], name: "nobody", home: "/", capabilities: [] };
  const [program, link] = [join(dir.path, "closed"), join(dir.path, "link")];
  await Deno.writeTextFile(program, "#!/bin/sh\n", { mode: 0o644 });
  await Deno.symlink(program, link);
  for (const path of [program, link]) {
    await Deno.chmod(program, 0o644);
    await assert.rejects(checkPathAccess(path, nobody), /user nobody cannot execute ".*\/(closed|link)"/);
    await Deno.chmod(program, 0o755);
    await checkPathAccess(path, nobody);
  }
});

function counted() {
  let looks = 0;
  const look = singleflight((path: string) => {
    looks++;
    return Deno.readTextFile(path);
  });
  return { look, looks: () => looks };
}
