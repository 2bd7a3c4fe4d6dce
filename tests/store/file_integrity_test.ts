import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { join } from "node:path";
import type { Workload, WorkloadFile } from "../../src/model/workload.ts";
import { findDamagedFiles, rewriteFiles } from "../../src/store/file_integrity.ts";
import { filesDirectory, materialize } from "../../src/store/workload_files.ts";
import { tempDir } from "../support/temp.ts";

const TEXTS: Record<string, string> = { "app.sh": "#!/bin/sh\n", "conf/a.txt": "a", "conf/b.txt": "b" };

const oidOf = (text: string) => createHash("sha1").update(`blob ${text.length}\0${text}`).digest("hex");

const web = {
  name: "web",
  files: Object.entries(TEXTS).map(([path, text]) => ({ path, oid: oidOf(text), executable: path.endsWith(".sh") })),
} as Workload;

async function* read(file: WorkloadFile) {
  yield new TextEncoder().encode(TEXTS[file.path]);
}

async function written() {
  const dir = await tempDir();
  await materialize(dir.path, web, read);
  const directory = filesDirectory(dir.path, web)!;
  return {
    folder: directory,
    damaged: async () => (await findDamagedFiles(dir.path, web)).map(({ path }) => path),
    restore: async () => {
      await rewriteFiles(dir.path, { workload: web, files: await findDamagedFiles(dir.path, web), read });
      const texts = await Promise.all(web.files.map(({ path }) => Deno.readTextFile(join(directory, path))));
      assert.deepEqual(texts, Object.values(TEXTS));
      assert.deepEqual(await findDamagedFiles(dir.path, web), []);
    },
    [Symbol.asyncDispose]: () => dir[Symbol.asyncDispose](),
  };
}

Deno.test("files are as they were written, and stay so when they are looked at and touched", async () => {
  await using here = await written();
  assert.deepEqual(await here.damaged(), []);
  await Deno.utime(join(here.folder, "app.sh"), new Date(), new Date(0));
  assert.deepEqual(await here.damaged(), []);
});

Deno.test("a file that was changed is found, also where its size and time are as before, and is written anew", async () => {
  await using here = await written();
  assert.deepEqual(await here.damaged(), []);
  const path = join(here.folder, "conf/a.txt");
  const { mtime } = await Deno.stat(path);
  await Deno.writeTextFile(path, "x");
  await Deno.utime(path, mtime!, mtime!);
  assert.deepEqual(await here.damaged(), ["conf/a.txt"]);
  await here.restore();
});

Deno.test("a file that was removed, made a link or a folder, or lost its mode is found and written anew", async () => {
  await using here = await written();
  await Deno.chmod(join(here.folder, "app.sh"), 0o644);
  await Deno.remove(join(here.folder, "conf"), { recursive: true });
  await Deno.mkdir(join(here.folder, "conf/a.txt/deep"), { recursive: true });
  await Deno.symlink("/etc/hostname", join(here.folder, "conf/b.txt"));
  assert.deepEqual(await here.damaged(), ["app.sh", "conf/a.txt", "conf/b.txt"]);
  await here.restore();
  await Deno.remove(here.folder, { recursive: true });
  await here.restore();
  assert.equal((await Deno.stat(join(here.folder, "app.sh"))).mode! & 0o777, 0o755);
});

Deno.test("what a program has open is not changed under it", async () => {
  await using here = await written();
  const path = join(here.folder, "app.sh");
  await Deno.writeTextFile(path, "damaged");
  using open = await Deno.open(path);
  await here.restore();
  const bytes = new Uint8Array(100);
  const count = await open.read(bytes);
  assert.equal(new TextDecoder().decode(bytes.subarray(0, count!)), "damaged");
});
