import assert from "node:assert/strict";
import { join } from "node:path";
import type { Workload } from "../../src/model/workload.ts";
import {
  contentFolders,
  materialize,
  placeFiles,
  placeMountedAlone,
  removeOthers,
} from "../../src/store/workload_files.ts";
import { docker } from "../support/workload.ts";
import { tempDir } from "../support/temp.ts";

Deno.test("files that are followed in place are never written through a link", async () => {
  await using dir = await tempDir();
  const outside = join(dir.path, "outside");
  await Deno.writeTextFile(outside, "the device's");
  const root = join(dir.path, "files");
  const web = {
    name: "web",
    files: [{ path: "a.txt", oid: "new", executable: false }],
    onChange: { type: "none" },
  } as unknown as Workload;
  await materialize(root, web, async function* () {
    yield new TextEncoder().encode("new");
  });
  await Deno.mkdir(join(root, "web/live"), { recursive: true });
  for (const name of ["live/a.txt", "live.tmp"]) await Deno.symlink(outside, join(root, "web", name));
  const live = await placeFiles(root, web);
  assert.equal(await Deno.readTextFile(join(live!, "a.txt")), "new");
  assert.ok((await Deno.lstat(join(live!, "a.txt"))).isFile);
  assert.equal(await Deno.readTextFile(outside), "the device's");
});

async function* bytes({ oid }: { oid: string }): AsyncGenerator<Uint8Array> {
  yield new TextEncoder().encode(oid);
}
const file = (path: string, oid: string, executable = false) => ({ path, oid, executable });
const mounting = (source: string, files: ReturnType<typeof file>[]): Workload =>
  docker({
    onChange: { type: "signal", signal: "SIGHUP" },
    mounts: [{ type: "files", source, target: "/etc/app", readOnly: true }],
    files,
  });

Deno.test("a file that is followed in place may become a folder, and a folder a file", async () => {
  await using dir = await tempDir();
  const folder = async (files: ReturnType<typeof file>[]) => {
    const web = mounting("", files);
    await materialize(dir.path, web, bytes);
    return (await placeFiles(dir.path, web))!;
  };
  await folder([file("conf", "a file")]);
  const live = await folder([file("conf/app.conf", "in a folder")]);
  assert.equal(await Deno.readTextFile(join(live, "conf/app.conf")), "in a folder");
  await folder([file("conf", "a file again")]);
  assert.equal(await Deno.readTextFile(join(live, "conf")), "a file again");
});

Deno.test("a file that is mounted alone stays as it is, with its inode, when another content is placed", async () => {
  await using dir = await tempDir();
  const place = async (oid: string, other: string) => {
    const web = mounting("app.conf", [file("app.conf", oid), file("other", other)]);
    await materialize(dir.path, web, bytes);
    await placeFiles(dir.path, web);
    const path = join((await placeMountedAlone(dir.path, web))!, "app.conf");
    return { web, path, ino: (await Deno.stat(path)).ino };
  };
  const old = await place("old", "1");
  const next = await place("new", "1");
  assert.notEqual(next.path, old.path);
  assert.equal(await Deno.readTextFile(old.path), "old");
  assert.equal((await Deno.stat(old.path)).ino, old.ino);
  assert.equal(await Deno.readTextFile(next.path), "new");
  // Only the other file is another: the container goes on, and Docker may start it again.
  const reloaded = await place("new", "2");
  assert.deepEqual([reloaded.path, reloaded.ino], [next.path, next.ino]);

  await removeOthers(dir.path, "web", new Set(contentFolders(reloaded.web)));
  assert.equal(await Deno.readTextFile(next.path), "new");
  await assert.rejects(Deno.stat(old.path), Deno.errors.NotFound);
});

Deno.test("a file that is mounted alone and was changed on the device is mended before the next start", async () => {
  await using dir = await tempDir();
  const web = mounting("app.sh", [file("app.sh", "#!/bin/sh", true), file("other", "1")]);
  await materialize(dir.path, web, bytes);
  const path = join((await placeMountedAlone(dir.path, web))!, "app.sh");
  await Deno.writeTextFile(path, "#!/bin/no");
  await placeMountedAlone(dir.path, web);
  assert.equal(await Deno.readTextFile(path), "#!/bin/sh");
  await Deno.chmod(path, 0o644);
  await placeMountedAlone(dir.path, web);
  assert.equal((await Deno.stat(path)).mode! & 0o777, 0o755);
});
