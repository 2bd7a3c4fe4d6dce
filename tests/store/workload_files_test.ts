import assert from "node:assert/strict";
import { join } from "node:path";
import type { Workload, WorkloadFile } from "../../src/model/workload.ts";
import { filesDirectory, materialize, removeOthers } from "../../src/store/workload_files.ts";
import { tempDir } from "../support/temp.ts";

function workload(files: Record<string, string>): Workload {
  return {
    name: "web",
    files: Object.entries(files).map(([path, text]) => ({ path, oid: text, executable: path.endsWith(".sh") })),
  } as Workload;
}

async function* read(file: WorkloadFile): AsyncGenerator<Uint8Array> {
  yield new TextEncoder().encode(file.oid);
}

async function* broken(message: string): AsyncGenerator<Uint8Array> {
  yield new TextEncoder().encode("the beginning");
  throw new Error(message);
}

Deno.test("files are written with their modes below a folder named by their content", async () => {
  await using dir = await tempDir();
  const web = workload({ "run.sh": "#!/bin/sh", "conf/a.txt": "a" });
  await materialize(dir.path, web, read);
  const directory = filesDirectory(dir.path, web)!;
  assert.equal(await Deno.readTextFile(join(directory, "conf/a.txt")), "a");
  assert.equal((await Deno.stat(join(directory, "run.sh"))).mode! & 0o111, 0o111);
  assert.equal((await Deno.stat(join(directory, "conf/a.txt"))).mode! & 0o111, 0);
});

Deno.test("files that could not be read whole leave no folder that looks whole, and the next try heals it", async () => {
  await using dir = await tempDir();
  const web = workload({ a: "1", b: "2" });
  const reading = (file: WorkloadFile) => file.path === "b" ? broken("bad object") : read(file);
  await assert.rejects(materialize(dir.path, web, reading), /bad object/);
  assert.deepEqual(await Array.fromAsync(Deno.readDir(join(dir.path, "web"))), [], "nothing half-written stays");
  await materialize(dir.path, web, read);
  assert.equal(await Deno.readTextFile(join(filesDirectory(dir.path, web)!, "b")), "2");
});

Deno.test("files that are there are not read again, and other contents go when they are not kept", async () => {
  await using dir = await tempDir();
  const [old, now] = [workload({ a: "1" }), workload({ a: "2" })];
  await materialize(dir.path, old, read);
  await materialize(dir.path, now, read);
  await materialize(dir.path, now, () => broken("read again"));
  await removeOthers(dir.path, "web", new Set([filesDirectory(dir.path, now)!.split("/").at(-1)!]));
  await assert.rejects(Deno.stat(filesDirectory(dir.path, old)!), Deno.errors.NotFound);
  assert.ok(await Deno.stat(filesDirectory(dir.path, now)!));
});
