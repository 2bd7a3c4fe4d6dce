import assert from "node:assert/strict";
import { join } from "node:path";
import { testNeeding } from "../../../support/prerequisite.ts";
import { tempDir } from "../../../support/temp.ts";
import { gzip, paxRecord, type RawEntry, rawTar, rawZip, type RawZipEntry } from "./archives.ts";
import { givenStore } from "./given_store.ts";

const text = (value: string) => new TextEncoder().encode(value);
const PROGRAM = text("#!/bin/sh\necho hello\n");

/** "path mode" of everything below the folder, with where links lead. */
async function listing(root: string, below = ""): Promise<string[]> {
  const lines: string[] = [];
  for await (const { name } of Deno.readDir(join(root, below))) {
    const path = below === "" ? name : `${below}/${name}`;
    const info = await Deno.lstat(join(root, path));
    if (info.isSymlink) lines.push(`${path} -> ${await Deno.readLink(join(root, path))}`);
    else lines.push(`${path} ${(info.mode! & 0o7777).toString(8)}`);
    if (info.isDirectory) lines.push(...await listing(root, path));
  }
  return lines.sort();
}

/** What is said of an archive that cannot be unpacked; nothing of it may be left, inside of the store or outside. */
async function refusal(file: string, archive: Uint8Array<ArrayBuffer>, stripComponents = 0): Promise<string> {
  await using given = await givenStore();
  const artifact = given.server.put(file, archive, { stripComponents });
  const failure = await given.failure(artifact);
  assert.deepEqual([failure.reason, failure.kind], ["artifact_invalid", "mistake"]);
  assert.deepEqual(await given.names(), [`${artifact.sha256}.part`]);
  const outside = await Array.fromAsync(Deno.readDir(join(given.dir, "..")), (entry) => entry.name);
  assert.deepEqual(outside, ["artifacts"]);
  const start = `${file} cannot be unpacked: `;
  assert.ok(failure.message.startsWith(start), failure.message);
  assert.doesNotMatch(failure.message, /\.$|n't\b/);
  return failure.message.slice(start.length);
}

async function run(command: string, args: string[], cwd: string): Promise<void> {
  const { success, stderr } = await new Deno.Command(command, { args, cwd, stdin: "null" }).output();
  assert.ok(success, new TextDecoder().decode(stderr));
}

/** A release as projects make them: a program, a library with links to it, data, a long name. */
async function release(root: string): Promise<void> {
  await Deno.mkdir(join(root, "app-1.2/bin"), { recursive: true });
  await Deno.mkdir(join(root, `app-1.2/${"long".repeat(30)}`), { recursive: true });
  await Deno.writeFile(join(root, "app-1.2/bin/app"), PROGRAM);
  await Deno.chmod(join(root, "app-1.2/bin/app"), 0o4755);
  await Deno.writeTextFile(join(root, "app-1.2/data"), "x".repeat(200_000));
  await Deno.chmod(join(root, "app-1.2/data"), 0o600);
  await Deno.writeTextFile(join(root, `app-1.2/${"long".repeat(30)}/é`), "long");
  await Deno.symlink("bin/app", join(root, "app-1.2/app"));
  await Deno.symlink("../data", join(root, "app-1.2/bin/data"));
}

const RELEASED = [
  "app -> bin/app",
  "bin 755",
  "bin/app 555",
  "bin/data -> ../data",
  "data 444",
  `${"long".repeat(30)} 755`,
  `${"long".repeat(30)}/é 444`,
];

for (const format of ["gnu", "pax"]) {
  Deno.test(`an archive of tar --format=${format} is unpacked: programs executable, nothing set-user-id`, async () => {
    await using source = await tempDir();
    await using given = await givenStore();
    await release(source.path);
    await Deno.link(join(source.path, "app-1.2/data"), join(source.path, "app-1.2/same"));
    await run("tar", [`--format=${format}`, "-czf", "app.tar.gz", "app-1.2"], source.path);
    const archive = await Deno.readFile(join(source.path, "app.tar.gz"));
    const directory = await given.ensure(given.server.put("app.tar.gz", archive, { stripComponents: 1 }));
    assert.deepEqual(await listing(directory), [...RELEASED, "same 444"].sort());
    assert.deepEqual(await Deno.readFile(join(directory, "bin/app")), PROGRAM);
    assert.equal(await Deno.readTextFile(join(directory, "same")), "x".repeat(200_000));
    assert.deepEqual(await given.names(), [directory.slice(given.dir.length + 1)]);
    assert.deepEqual(given.said, ["downloading app.tar.gz", "unpacking app.tar.gz"]);
  });
}

await testNeeding(["zip"], "an archive of zip is unpacked as one of tar is", async () => {
  await using source = await tempDir();
  await using given = await givenStore();
  await release(source.path);
  await run("zip", ["-qry", "app.zip", "app-1.2"], source.path);
  const archive = await Deno.readFile(join(source.path, "app.zip"));
  const directory = await given.ensure(given.server.put("app.zip", archive, { stripComponents: 1 }));
  assert.deepEqual(await listing(directory), [...RELEASED].sort());
  assert.equal(await Deno.readTextFile(join(directory, "data")), "x".repeat(200_000));
});

Deno.test("what a zip that was made on Windows holds can be executed, since nobody knows what is a program", async () => {
  await using given = await givenStore();
  const archive = await rawZip([{ name: "app.exe", content: PROGRAM, mode: null }]);
  const directory = await given.ensure(given.server.put("app.zip", archive));
  assert.deepEqual(await listing(directory), ["app.exe 555"]);
});

Deno.test("one archive that is unpacked in two ways is two folders", async () => {
  await using given = await givenStore();
  const archive = await gzip(rawTar([{ name: "a/b/app", content: PROGRAM, mode: 0o755 }]));
  const artifact = given.server.put("app.tar.gz", archive);
  assert.deepEqual(await listing(await given.ensure(artifact)), ["a 755", "a/b 755", "a/b/app 555"]);
  assert.deepEqual(await listing(await given.ensure({ ...artifact, stripComponents: 2 })), ["app 555"]);
});

const file = (name: string): RawEntry => ({ name, content: text("x") });
const link = (name: string, to: string): RawEntry => ({ name, flag: "2", link: to });
const hard = (name: string, to: string): RawEntry => ({ name, flag: "1", link: to });
const folder = (name: string): RawEntry => ({ name, flag: "5" });
const pax = (key: string, value: string): RawEntry => ({ name: "p", flag: "x", content: paxRecord(key, value) });

const HOSTILE_TAR: [claim: string, entries: RawEntry[], said: string][] = [
  ["a path that leaves", [file("../x")], '"../x" leaves its folder'],
  ["a path that leaves in its middle", [file("a/../../x")], '"a/../../x" leaves its folder'],
  ["an absolute path", [file("/tmp/x")], '"/tmp/x" leaves its folder'],
  ["a path that leaves, said by a pax header", [pax("path", "../x"), file("x")], '"../x" leaves its folder'],
  ["a link to above", [link("x", "..")], '"x" is a link out of it'],
  ["an absolute link", [link("x", "/etc/passwd")], '"x" is a link out of it'],
  ["a link that a pax header sends away", [pax("linkpath", "/etc"), link("x", "y")], '"x" is a link out of it'],
  ["a file through a link that leaves", [link("d", ".."), file("d/x")], '"d" is a folder and something else'],
  ["a file through a link inside", [folder("a"), link("d", "a"), file("d/x")], '"d" is a folder and something else'],
  ["a folder over a link", [link("d", ".."), folder("d")], '"d" is a folder and something else'],
  [
    "links that leave together, and none alone",
    [folder("a"), link("a/up", "."), link("x", "a/up/../.."), file("f")],
    '"x" is a link out of it',
  ],
  ["a link to nothing", [file("f"), link("x", "y")], '"x" is a link to nothing'],
  ["links in a ring", [link("x", "y"), link("y", "x")], '"x" is a link to nothing'],
  ["a hard link out", [hard("x", "../../secret")], '"../../secret" leaves its folder'],
  ["a hard link to an absolute path", [hard("x", "/etc/passwd")], '"/etc/passwd" leaves its folder'],
  ["a hard link to a link", [link("l", "."), hard("x", "l")], '"x" is a link to nothing'],
  ["a hard link to nothing", [hard("x", "y")], '"x" is a link to nothing'],
  ["one file twice", [file("x"), file("./x")], '"x" is in it twice'],
  ["a file over a folder", [file("d/x"), file("d")], '"d" is in it twice'],
  ["a file as a folder", [file("d"), file("d/x")], '"d" is a folder and something else'],
  ["a device", [{ name: "x", flag: "3" }], '"x" cannot be brought: character-device'],
  ["a block device", [{ name: "x", flag: "4" }], '"x" cannot be brought: block-device'],
  ["a pipe", [{ name: "x", flag: "6" }], '"x" cannot be brought: fifo'],
  ["nothing", [], "there is nothing in it"],
  ["a huge file, announced", [{ ...file("x"), size: 8 * 1024 ** 3 - 1 }], "it unpacks to more than 64 MiB"],
  ["a bomb", [{ name: "x", content: new Uint8Array(65 * 1024 ** 2) }], "it unpacks to more than 64 MiB"],
  ["a name that moves the cursor", [file("../\x1b[2Jx")], '"../?[2Jx" leaves its folder'],
  ["a file that ends before its time", [{ ...file("x"), size: 100_000 }], "tar archive is truncated"],
];

for (const [claim, entries, said] of HOSTILE_TAR) {
  Deno.test(`a tar with ${claim} is refused, and nothing of it stays`, async () => {
    assert.equal(await refusal("app.tar.gz", await gzip(rawTar(entries))), said);
  });
}

Deno.test("what leaves the folder is refused in the folders too that are left out", async () => {
  const archive = await gzip(rawTar([file("app"), file("../a/b")]));
  assert.equal(await refusal("app.tar.gz", archive, 2), '"../a/b" leaves its folder');
});

Deno.test("a bomb in what is left out is refused", async () => {
  const archive = await gzip(rawTar([{ name: "x", content: new Uint8Array(65 * 1024 ** 2) }, file("a/b")]));
  assert.equal(await refusal("app.tar.gz", archive, 1), "it unpacks to more than 64 MiB");
});

Deno.test("an archive that is cut, or is none, is refused", async () => {
  const whole = await gzip(rawTar([{ name: "x", content: crypto.getRandomValues(new Uint8Array(60_000)) }]));
  await refusal("app.tar.gz", whole.slice(0, 30_000));
  await refusal("app.tar.gz", whole.slice(0, whole.length - 4));
  await refusal("app.tar.gz", text("<html>404</html>"));
  await refusal("app.tar.gz", await gzip(text("no tar".repeat(1000))));
  await refusal("app.zip", text("<html>404</html>"));
  await refusal("app.zip", (await rawZip([{ name: "x", content: PROGRAM }])).slice(10));
});

Deno.test("an archive with more than 100 000 entries is refused", async () => {
  const entries = Array.from({ length: 100_001 }, () => folder("d"));
  assert.equal(await refusal("app.tar.gz", await gzip(rawTar(entries))), "it has more than 100000 entries");
});

const zipped = (name: string, more: Partial<RawZipEntry> = {}): RawZipEntry => ({ name, content: text("x"), ...more });
const zipLink = (name: string, to: string): RawZipEntry => ({ name, content: text(to), mode: 0o120777 });

const HOSTILE_ZIP: [claim: string, entries: RawZipEntry[], said: string][] = [
  ["a path that leaves", [zipped("../x")], "invalid relative path: ../x"],
  ["a path that leaves, as Windows writes it", [zipped("..\\x")], "invalid relative path: ../x"],
  ["an absolute path", [zipped("/tmp/x")], "absolute path: /tmp/x"],
  ["a drive", [zipped("C:/x")], "absolute path: C:/x"],
  ["a link to above", [zipLink("x", "..")], '"x" is a link out of it'],
  ["an absolute link", [zipLink("x", "/etc/passwd")], '"x" is a link out of it'],
  ["a file through a link", [zipLink("d", ".."), zipped("d/x")], '"d" is a folder and something else'],
  ["a link whose target is a novel", [zipLink("x", "a/".repeat(3000))], '"x" is a link to a name that is too long'],
  ["one file twice", [zipped("x"), zipped("x")], '"x" is in it twice'],
  ["an encrypted file", [zipped("x", { encrypted: true })], '"x" cannot be brought: encrypted file'],
  ["a device", [zipped("x", { mode: 0o020666 })], '"x" cannot be brought: special file'],
  ["a huge file, announced", [zipped("x", { size: 3 * 1024 ** 3 })], "it unpacks to more than 64 MiB"],
  ["a bomb", [zipped("x", { content: new Uint8Array(65 * 1024 ** 2) })], "it unpacks to more than 64 MiB"],
  [
    "a bomb in pieces",
    [1, 2, 3].map((name) => zipped(`${name}`, { content: new Uint8Array(30 * 1024 ** 2) })),
    "it unpacks to more than 64 MiB",
  ],
];

for (const [claim, entries, said] of HOSTILE_ZIP) {
  Deno.test(`a zip with ${claim} is refused, and nothing of it stays`, async () => {
    assert.equal(await refusal("app.zip", await rawZip(entries)), said);
  });
}

Deno.test("a zip whose file holds more than it announces is refused", async () => {
  const archive = await rawZip([zipped("x", { content: new Uint8Array(1024 ** 2), size: 10 })]);
  assert.match(await refusal("app.zip", archive), /too many bytes/);
});
