import assert from "node:assert/strict";
import { join } from "node:path";
import { buildOf } from "../support/compile/build.ts";
import { clearRelease, writeCompressed, writeSums } from "../support/compile/release.ts";
import { GitRepository } from "../support/git_repository.ts";
import { testNeeding } from "../support/prerequisite.ts";
import { tempDir } from "../support/temp.ts";

await testNeeding(["git"], "a build says its commit, and whether what is in it was changed since", async () => {
  await using dir = await tempDir();
  const repository = await GitRepository.create(dir.path);
  await repository.write("deno.json", '{ "version": "1.2.3" }');
  await repository.write("src/main.ts", "");
  const id = await repository.commit("the first");
  const short = id.slice(0, 7);
  const commit = async () => (await buildOf(dir.path, { version: undefined })).commit;

  assert.deepEqual(await buildOf(dir.path, { version: undefined }), { version: "1.2.3", commit: short });
  await repository.write("README.md", "beside it");
  assert.equal(await commit(), short, "the README is in no executable");
  await repository.write("src/new.ts", "");
  assert.equal(await commit(), `${short}+changes`, "a file that git does not know");
  await repository.remove("src/new.ts");
  await repository.write("src/main.ts", "changed");
  assert.equal(await commit(), `${short}+changes`);
  await Deno.remove(join(dir.path, ".git"), { recursive: true });
  await Deno.writeTextFile(join(dir.path, ".git"), "gitdir: /nowhere\n");
  assert.equal(await commit(), "unknown");
});

await testNeeding(["git"], "another version is given for a test of upgrades, and is one", async () => {
  await using dir = await tempDir();
  await Deno.writeTextFile(join(dir.path, "deno.json"), '{ "version": "1.2.3" }');
  assert.equal((await buildOf(dir.path, { version: "1.3.0-rc.1" })).version, "1.3.0-rc.1");
  for (const version of ["", "v1.3.0", "1.3", "1.3.0 x", "1.3.0\n"]) {
    await assert.rejects(buildOf(dir.path, { version }), /wanted one like 1\.2\.3/, version);
  }
});

Deno.test("SHA256SUMS says the build, and what sha256sum checks", async () => {
  await using dir = await tempDir();
  for (const name of ["harbornode-linux-aarch64", "SHA256SUMS.sig", "bench.json"]) {
    await Deno.writeTextFile(join(dir.path, name), "of an earlier build");
  }
  await clearRelease(dir.path);
  await Deno.writeTextFile(join(dir.path, "harbornode-linux-x86_64"), "program\n".repeat(1000));
  const path = join(dir.path, "harbornode-linux-x86_64");
  assert.ok(await writeCompressed(path) < 8000);
  const names = ["harbornode-linux-x86_64.gz", "harbornode-linux-x86_64"];
  await writeSums(dir.path, { names, build: { version: "1.2.3", commit: "4f2c91a" } });

  const left = (await Array.fromAsync(Deno.readDir(dir.path), ({ name }) => name)).sort();
  assert.deepEqual(left, ["SHA256SUMS", "bench.json", "harbornode-linux-x86_64", "harbornode-linux-x86_64.gz"]);
  const lines = (await Deno.readTextFile(join(dir.path, "SHA256SUMS"))).split("\n");
  assert.equal(lines[0], "# harbornode 1.2.3 4f2c91a");
  assert.deepEqual(lines.slice(1).map((line) => line.slice(66)), [
    "harbornode-linux-x86_64",
    "harbornode-linux-x86_64.gz",
    "",
  ]);
  const check = new Deno.Command("sha256sum", { args: ["--check", "--strict", "SHA256SUMS"], cwd: dir.path });
  const { success, stdout } = await check.output();
  assert.ok(success, new TextDecoder().decode(stdout));

  const gz = await Deno.readFile(`${path}.gz`);
  assert.deepEqual([...gz.subarray(3, 8)], [0, 0, 0, 0, 0], "no name and no time (RFC 1952)");
  const whole = new Blob([gz]).stream().pipeThrough(new DecompressionStream("gzip"));
  assert.equal(await new Response(whole).text(), await Deno.readTextFile(path));
});
