import assert from "node:assert/strict";
import { join } from "node:path";
import { Credentials, credentialsRoot } from "../../src/secrets/credentials.ts";
import { tempDir } from "../support/temp.ts";

const FILES = [{ name: "a", content: new TextEncoder().encode("1") }];
const mode = async (path: string) => (await Deno.stat(path)).mode! & 0o777;

Deno.test("credentials are their reader's alone, and those of containers are passed by no user of the device", async () => {
  await using dir = await tempDir();
  const users = new Credentials(join(dir.path, "c/native"), "users");
  await users.write("web-0-1", FILES, "daemon");
  assert.deepEqual(await Promise.all([users.folder("web-0-1"), join(users.folder("web-0-1"), "a")].map(mode)), [
    0o500,
    0o400,
  ]);
  const containers = new Credentials(join(dir.path, "c/docker"), "containers");
  await containers.write("web.0.f", FILES, "everybody inside");
  const directory = containers.folder("web.0.f");
  assert.deepEqual(await Promise.all([join(directory, ".."), directory, join(directory, "a")].map(mode)), [
    0o700,
    0o555,
    0o444,
  ]);
});

Deno.test("credentials are written anew, and stay while somebody needs them or begins to", async () => {
  await using dir = await tempDir();
  const root = join(dir.path, "c/native");
  const credentials = new Credentials(root, "users");
  for (const key of ["one", "two", "three"]) await credentials.write(key, FILES, "daemon");
  await credentials.write("one", [{ name: "a", content: new Uint8Array([50]) }], "daemon");
  assert.equal(await Deno.readTextFile(join(credentials.folder("one"), "a")), "2");
  // Another daemon finds what the one before left.
  const next = new Credentials(root, "users");
  {
    using _held = next.hold("two");
    await next.keep(new Set(["one"]));
    assert.deepEqual((await Array.fromAsync(Deno.readDir(root))).map(({ name }) => name).sort(), ["one", "two"]);
  }
  await next.keep(new Set());
  await next.close();
  await assert.rejects(() => Deno.stat(join(dir.path, "c")), Deno.errors.NotFound);
});

Deno.test("a key or a name leads out of no folder", async () => {
  await using dir = await tempDir();
  const credentials = new Credentials(join(dir.path, "c/native"), "users");
  await credentials.write("../../key", [{ name: "../../name", content: new Uint8Array([49]) }], "daemon");
  assert.deepEqual((await Array.fromAsync(Deno.readDir(dir.path))).map(({ name }) => name), ["c"]);
  assert.equal(await Deno.readTextFile(join(dir.path, "c/native/key/name")), "1");
});

Deno.test("credentials on a disk are said to be there, and the folder is one in memory where there is one", async () => {
  await using dir = await tempDir();
  const root = await credentialsRoot(join(dir.path, "c"), "0123456789abcdef");
  const inMemory = await Deno.stat("/dev/shm").then(() => root.startsWith("/dev/shm/"), () => false);
  const isDisk = root === join(dir.path, "c");
  assert.ok(inMemory || isDisk);
  const credentials = new Credentials(join(dir.path, "d/native"), "users");
  await credentials.write("web", FILES, "daemon");
  const warnings = await credentials.warnings("web");
  const temporaryIsMemory = warnings.length === 0;
  if (!temporaryIsMemory) assert.equal(warnings[0]!.reason, "secret_on_disk");
  const best = new Credentials(join(root, "native"), "users");
  await best.write("web", FILES, "daemon");
  assert.equal((await best.warnings("web")).length, inMemory ? 0 : warnings.length);
  assert.deepEqual(await best.warnings("other"), []);
  await best.keep(new Set());
  await best.close();
  await Deno.remove(root).catch(() => {});
});
