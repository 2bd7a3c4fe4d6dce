import assert from "node:assert/strict";
import { readDirectory } from "../../src/source/directory_source.ts";
import { GitRepository } from "../support/git_repository.ts";
import { testNeeding } from "../support/prerequisite.ts";
import { tempDir } from "../support/temp.ts";

await testNeeding(["git"], "a folder has the entries that git would commit, with the same ids", async () => {
  await using dir = await tempDir();
  const repository = await GitRepository.create(`${dir.path}/work`);
  await repository.write("b/run.sh", "#!/bin/sh\n", { executable: true });
  await repository.write("a.toml", "ümlaut\r\n");
  await repository.write("empty", "");
  await repository.symlink("b/link", "../a.toml");
  await repository.symlink("dangling", "/nowhere/ü");
  await repository.commit("all");

  const { entries, read } = await readDirectory(repository.dir);

  const listed = entries.map(({ path, oid, type, executable }) => {
    const mode = type === "symlink" ? "120000" : executable ? "100755" : "100644";
    return `${mode} blob ${oid}\t${path}`;
  });
  assert.equal(listed.join("\n"), await repository.git("ls-tree", "-r", "HEAD"));
  const [first] = entries;
  assert.equal(new TextDecoder().decode(await read(first!)), "ümlaut\r\n");
  const link = entries.find((entry) => entry.path === "b/link");
  assert.equal(new TextDecoder().decode(await read(link!)), "../a.toml");
});

Deno.test("a folder inside that is a repository itself is a submodule, not more files", async () => {
  await using dir = await tempDir();
  await Deno.mkdir(`${dir.path}/vendored`);
  await Deno.writeTextFile(`${dir.path}/vendored/.git`, "gitdir: ../.git/modules/vendored\n");
  await Deno.writeTextFile(`${dir.path}/vendored/evil.toml`, "");
  const { entries } = await readDirectory(dir.path);
  assert.deepEqual(entries, [{ path: "vendored", type: "submodule", executable: false, oid: "0".repeat(40), size: 0 }]);
});
