/** Packs as git makes them, and what is no pack: every flipped bit is noticed. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { Failure } from "../../../src/failure.ts";
import { applyDelta } from "../../../src/source/child/delta.ts";
import { Pack } from "../../../src/source/child/pack.ts";
import { isForbidden, parseTree } from "../../../src/source/child/tree.ts";
import { GitRepository } from "../../support/git_repository.ts";
import { testNeeding } from "../../support/prerequisite.ts";
import { tempDir } from "../../support/temp.ts";

const SILENT = () => {};

/** A repository of a few dozen objects, with files that differ a little from each other, in one pack. */
async function packed(dir: string, how: string[] = []): Promise<{ repository: GitRepository; file: string }> {
  const repository = await GitRepository.create(`${dir}/work`);
  for (let n = 0; n < 12; n++) {
    const lines = Array.from({ length: 200 }, (_, line) => `${line === n * 7 ? "changed" : "line"} ${line}`);
    await repository.write("long.txt", lines.join("\n"));
    await repository.write(`folder/${n}`, `${n}`);
    await repository.commit(`${n}`);
  }
  await repository.git("tag", "--annotate", "--message", "tag", "v1");
  await repository.git("repack", "-a", "-d", "-f", "--quiet", "--depth=50", ...how);
  for await (const { name } of Deno.readDir(`${repository.dir}/.git/objects/pack`)) {
    if (name.endsWith(".pack")) return { repository, file: `${repository.dir}/.git/objects/pack/${name}` };
  }
  throw new Error("no pack");
}

for (const offsets of [true, false]) {
  const how = offsets ? "places" : "ids";
  await testNeeding(["git"], `a pack with differences by ${how} gives every object that git has in it`, async () => {
    await using dir = await tempDir();
    const { repository, file } = await packed(dir.path, offsets ? [] : ["--threads=1"]);
    let path = file;
    if (!offsets) {
      // Without --delta-base-offset, bases are named by their ids.
      const ids = await repository.git("rev-list", "--objects", "--all");
      const list = `${dir.path}/ids`;
      await Deno.writeTextFile(list, `${ids.split("\n").map((line) => line.split(" ")[0]).join("\n")}\n`);
      const shell = `git pack-objects --no-reuse-delta --depth=50 ${dir.path}/by-id <${list}`;
      const { stdout } = await new Deno.Command("sh", { args: ["-c", shell], cwd: repository.dir, stderr: "null" })
        .output();
      path = `${dir.path}/by-id-${new TextDecoder().decode(stdout).trim()}.pack`;
    }
    const pack = await Pack.open(path, "url", SILENT);
    const all = (await repository.git("cat-file", "--batch-check", "--batch-all-objects")).split("\n");
    assert.ok(all.length > 40);
    const listing = await repository.git("verify-pack", "-v", file.replace(/pack$/, "idx"));
    assert.match(listing, /chain length = [2-9]/, "there are differences to differences");
    for (const line of all) {
      const [id, type, size] = line.split(" ");
      const object = pack.read(id!);
      assert.deepEqual([object?.type, String(object?.data.length)], [type, size], line);
    }
    assert.equal(pack.read("0".repeat(40)), null);
  });
}

await testNeeding(
  ["git"],
  "no flipped bit, and no cut, gives another content for an id, or anything but a Failure",
  async () => {
    await using dir = await tempDir();
    const { repository, file } = await packed(dir.path);
    const whole = await Deno.readFile(file);
    const ids = (await repository.git("rev-list", "--objects", "--all")).split("\n").map((line) => line.split(" ")[0]!);
    const right = await Pack.open(file, "url", SILENT);
    const broken = `${dir.path}/broken.pack`;
    const damages = fc.oneof(
      fc.record({ at: fc.nat(whole.length - 1), bit: fc.nat(7) }),
      fc.record({ keep: fc.nat(whole.length - 1) }),
    );
    await fc.assert(
      fc.asyncProperty(damages, async (damage) => {
        const bytes = "keep" in damage ? whole.slice(0, damage.keep) : whole.slice();
        if ("at" in damage) bytes[damage.at]! ^= 1 << damage.bit;
        await Deno.writeFile(broken, bytes);
        const pack = await Pack.open(broken, "url", SILENT).catch((error) => {
          assert.ok(error instanceof Failure, String(error));
          return null;
        });
        for (const id of pack === null ? [] : ids) {
          const object = pack!.read(id);
          if (object !== null) assert.deepEqual(object, right.read(id));
        }
      }),
      { numRuns: Deno.env.get("SLOW") === "1" ? 5000 : 150 },
    );
  },
);

Deno.test("a difference that is none is refused, and never makes more than it may", () => {
  const base = new TextEncoder().encode("hello, world");
  const delta = (...bytes: number[]) => Uint8Array.from([12, ...bytes]);
  assert.deepEqual(applyDelta(base, delta(7, 0x91, 0, 5, 2, 33, 33), 100), new TextEncoder().encode("hello!!"));
  // A copy that says no size is of 64 KiB.
  const large = Uint8Array.from({ length: 70_000 }, (_, at) => at % 251);
  const whole = Uint8Array.of(0xf0, 0xa2, 0x04, 0xf0, 0xa2, 0x04, 0x80, 0xb4, 0x01, 0x70, 0x11);
  assert.deepEqual(applyDelta(large, whole, 70_000), large);
  for (
    const bytes of [
      [7, 0x91, 0, 5],
      [5, 0x91, 9, 5],
      [4, 0x91, 0, 5],
      [5, 0],
      [5, 5, 1],
      [101, 0x91, 0, 5],
      [0xff],
      [],
    ]
  ) assert.throws(() => applyDelta(base, delta(...bytes), 100), RangeError, bytes.join());
  assert.throws(() => applyDelta(base, Uint8Array.of(11, 1, 0x91, 0, 1), 100), /to another object/);
});

Deno.test("whatever bytes a folder has, they are names or a RangeError", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
    try {
      parseTree(bytes);
    } catch (error) {
      assert.ok(error instanceof RangeError);
    }
  }));
  for (const name of ["", ".", "..", "a/b", ".git", ".GIT", "git~1"]) assert.ok(isForbidden(name), name);
  for (const name of ["a", "..a", ".gitignore", "...", "git~2"]) assert.ok(!isForbidden(name), name);
});
