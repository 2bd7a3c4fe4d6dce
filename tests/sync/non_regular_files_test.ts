/** What people commit by accident, in a real repository: each harms its own workload, and is said. */
import assert from "node:assert/strict";
import { loadRevision } from "../../src/sync/load_revision.ts";
import { GitRepository } from "../support/git_repository.ts";
import { testNeeding } from "../support/prerequisite.ts";
import { tempDir } from "../support/temp.ts";
import { systemClock } from "../../src/clock.ts";
import { readDirectory } from "../../src/source/directory_source.ts";
import { createSource } from "../../src/source/create_source.ts";
import { sourceSettings, sync } from "../source/fleet.ts";

const POINTER = `version https://git-lfs.github.com/spec/v1\noid sha256:${"0".repeat(64)}\nsize 12345\n`;
const VALID = 'command = ["sleep", "1"]\n';

await testNeeding(["git"], "strange files make their own workload invalid, with a sentence, and no other", async () => {
  await using dir = await tempDir();
  const repository = await GitRepository.create(`${dir.path}/work`);
  const files: Record<string, string> = {
    "services/plain.toml": VALID,
    "services/windows.toml": `\uFEFF${VALID.replace("\n", "\r\n")}restart = "always"\r\n`,
    "services/model/service.toml": VALID,
    "services/model/weights.bin": POINTER,
    "services/pointed.toml": POINTER,
    "services/huge.toml": `${VALID}# ${"x".repeat(5 * 1024 * 1024)}\n`,
    "services/vendoring/service.toml": VALID,
    "services/escape/service.toml": VALID,
    "services/twin.toml": VALID,
    "services/other.toml": `name = "twin"\n${VALID}`,
    "services/LOUD.toml": VALID,
    "notes/weights.bin": POINTER,
  };
  for (const [path, text] of Object.entries(files)) await repository.write(path, text);
  await repository.symlink("services/escape/passwd", "../../../../etc/passwd");
  const first = await repository.commit("all kinds");
  await repository.git("update-index", "--add", "--cacheinfo", `160000,${first},services/vendoring/lib`);
  await repository.git("commit", "--quiet", "--message", "a submodule");

  const gitDir = `${dir.path}/held`;
  const source = createSource(sourceSettings(repository.dir), { gitDir, clock: systemClock });
  const desired = await loadRevision(await sync(source), { device: "d", labels: {} });

  assert.deepEqual(desired.workloads.map(({ name }) => name), ["plain", "windows"]);
  assert.equal(desired.workloads[1]?.restart.when, "always", "with a byte order mark and Windows' ends of lines");
  const said = Object.fromEntries(desired.invalid.map(({ path, problems }) => [path, problems[0]!]));
  const expected: Record<string, RegExp> = {
    "services/model/service.toml": /is a pointer of Git LFS, and its content is not in the repository/,
    "services/pointed.toml": /is a pointer of Git LFS/,
    "services/huge.toml": /^the file has 5\.2 MB, and 64 KiB is the limit$/,
    "services/vendoring/service.toml": /a submodule is not followed/,
    "services/escape/service.toml": /a symlink is not followed/,
    "services/twin.toml": /the name "twin" is taken by services\/other.toml as well/,
    "services/other.toml": /the name "twin" is taken by services\/twin.toml as well/,
    "services/LOUD.toml": /"LOUD" cannot be the name of a workload/,
  };
  assert.deepEqual(Object.keys(said).sort(), Object.keys(expected).sort());
  for (const [path, message] of Object.entries(expected)) assert.match(said[path]!.message, message, path);
  assert.match(said["services/model/service.toml"]!.hint ?? "", /git lfs untrack/);
  assert.equal(said["services/model/service.toml"]!.file, "services/model/weights.bin", "the file that it is about");

  // A checkout whose LFS files were not fetched is told the same before it is pushed.
  const checkout = await readDirectory(repository.dir);
  assert.equal(checkout.entries.find(({ path }) => path === "services/model/weights.bin")?.type, "pointer");
});

await testNeeding(
  ["git"],
  "a rename in the case of a letter alone is another file, and both can be there",
  async () => {
    await using dir = await tempDir();
    const repository = await GitRepository.create(`${dir.path}/work`);
    await repository.write("services/web/service.toml", `${VALID}name = "web"\n`);
    await repository.write("services/web/Index.html", "A");
    await repository.write("services/web/index.html", "b");
    await repository.commit("both");
    const source = createSource(sourceSettings(repository.dir), { gitDir: `${dir.path}/held`, clock: systemClock });
    const files = async () => (await loadRevision(await sync(source), { device: "d", labels: {} })).workloads[0]?.files;
    assert.deepEqual((await files())?.map(({ path }) => path), ["Index.html", "index.html"]);
    await repository.git("rm", "--quiet", "services/web/index.html");
    await repository.git("mv", "services/web/Index.html", "services/web/index.html");
    await repository.commit("one");
    assert.deepEqual((await files())?.map(({ path }) => path), ["index.html"]);
  },
);
