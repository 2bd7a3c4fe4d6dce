import assert from "node:assert/strict";
import { systemClock } from "../../src/clock.ts";
import { createSource } from "../../src/source/create_source.ts";
import type { Source } from "../../src/source/source.ts";
import { runGit } from "../support/git_environment.ts";
import { GitRepository } from "../support/git_repository.ts";
import { testNeeding } from "../support/prerequisite.ts";
import { tempDir } from "../support/temp.ts";
import { FOREVER, sourceSettings, sync, textOf } from "./fleet.ts";

function local(url: string, changes: { branch?: string; path?: string } = {}): Source {
  const gitDir = `${url.replace("file://", "")}.held`;
  return createSource(sourceSettings(url, changes), { gitDir, clock: systemClock });
}

async function work(dir: string): Promise<GitRepository> {
  const repository = await GitRepository.create(`${dir}/work`);
  await repository.write("services/hello/hello.toml", 'name = "hello"\n');
  await repository.write("services/hello/run.sh", "#!/bin/sh\n", { executable: true });
  await repository.symlink("link", "services");
  await repository.commit("first");
  return repository;
}

await testNeeding(["git"], "a local repository is read from its branch, never from its working tree", async () => {
  await using dir = await tempDir();
  const repository = await work(dir.path);
  await repository.write("services/hello/hello.toml", "changed and not committed");
  await repository.write("services/new.toml", "not added");

  const revision = await sync(local(repository.dir));

  assert.deepEqual(revision.entries.map(({ path, type, executable }) => [path, type, executable]), [
    ["link", "symlink", false],
    ["services/hello/hello.toml", "file", false],
    ["services/hello/run.sh", "file", true],
  ]);
  assert.equal(await textOf(revision, "services/hello/hello.toml"), 'name = "hello"\n');
});

await testNeeding(["git"], "bare, packed, linked and file:// repositories all read the same", async () => {
  await using dir = await tempDir();
  const repository = await work(dir.path);
  const wanted = await sync(local(repository.dir));

  await runGit(dir.path, ["clone", "--quiet", "--bare", "--no-local", repository.dir, "bare.git"]);
  await repository.git("worktree", "add", "--quiet", "--detach", `${dir.path}/linked`);
  await GitRepository.create(`${dir.path}/packed`);
  await runGit(`${dir.path}/packed`, ["pull", "--quiet", repository.dir, "main"]);
  await runGit(`${dir.path}/packed`, ["gc", "--quiet"]);
  for (
    const url of ["bare.git", "linked", "packed"].flatMap((
      name,
    ) => [`${dir.path}/${name}`, `file://${dir.path}/${name}`])
  ) {
    const source = local(url, { path: "" });
    const revision = await sync(source);
    assert.equal(revision.id, wanted.id, url);
    assert.deepEqual(revision.entries, wanted.entries, url);
    assert.equal((await source.lastFetched())?.id, wanted.id);
  }
});

await testNeeding(["git"], "a local repository is only ever read", async () => {
  await using dir = await tempDir();
  const repository = await work(dir.path);
  const before = await repository.git("status", "--porcelain=v2", "--branch");
  const list = async () => (await runGit(repository.dir, ["--no-optional-locks", "count-objects", "-v"])) + before;
  const was = await list();
  await sync(local(repository.dir));
  assert.equal(await list(), was);
});

await testNeeding(
  ["git"],
  "a local commit is seen by the next look, and by a source that was open before",
  async () => {
    await using dir = await tempDir();
    const repository = await work(dir.path);
    const source = local(repository.dir, { path: "services" });
    await sync(source);
    await repository.write("services/more.toml", "");
    const id = await repository.commit("more");
    await repository.git("gc", "--quiet");
    const revision = await sync(source);
    assert.equal(revision.id, id);
    assert.deepEqual(revision.entries.map((entry) => entry.path), ["hello/hello.toml", "hello/run.sh", "more.toml"]);
  },
);

await testNeeding(["git"], "what is wrong with a local repository is said by name", async () => {
  await using dir = await tempDir();
  const repository = await work(dir.path);
  await GitRepository.create(`${dir.path}/empty`);
  await runGit(dir.path, ["clone", "--quiet", "--shared", repository.dir, "borrower"]);
  await Deno.mkdir(`${dir.path}/plain`);
  const cases: [Source, string, RegExp][] = [
    [local(`${dir.path}/nowhere`), "repo_not_found", /no git repository at ".*nowhere"$/],
    [local(`${dir.path}/plain`), "repo_not_found", /no git repository at ".*plain"$/],
    [local(`${dir.path}/empty`), "repo_empty", /has no commit$/],
    [local(repository.dir, { branch: "gone" }), "branch_not_found", /has no branch "gone"$/],
    [local(repository.dir, { path: "gone" }), "path_not_found", /has no folder "gone" in revision/],
    [local(repository.dir, { path: "link" }), "path_not_found", /has no folder "link"/],
    [local(`${dir.path}/borrower`), "repo_invalid", /borrows objects from another/],
  ];
  for (const [source, reason, message] of cases) {
    await assert.rejects(sync(source), { name: "Failure", kind: "mistake", reason, message });
  }
});

await testNeeding(["git"], "a local repository that lost an object is tried again, not a bug", async () => {
  await using dir = await tempDir();
  const repository = await work(dir.path);
  const blob = await repository.git("rev-parse", "HEAD:services/hello/run.sh");
  await Deno.remove(`${repository.dir}/.git/objects/${blob.slice(0, 2)}/${blob.slice(2)}`);
  await assert.rejects(sync(local(repository.dir)), {
    name: "Failure",
    kind: "transient",
    reason: "repo_invalid",
    message: /cannot be read: /,
  });
  assert.match(await local(repository.dir).head(FOREVER), /^[0-9a-f]{40}$/);
});

/** Has an index of version 2 (git-scm.com/docs/pack-format) say of each of two objects that it is where the other one lies. */
async function exchange(path: string, [one, other]: readonly [string, string]): Promise<void> {
  const bytes = await Deno.readFile(path);
  const view = new DataView(bytes.buffer);
  const count = view.getUint32(8 + 255 * 4);
  const names = 8 + 256 * 4;
  const at = (id: string) => {
    const index = Array.from({ length: count }, (_, n) => n)
      .find((n) => bytes.subarray(names + n * 20, names + n * 20 + 20).toHex() === id);
    return names + count * 24 + index! * 4;
  };
  const [first, second] = [view.getUint32(at(one)), view.getUint32(at(other))];
  view.setUint32(at(one), second);
  view.setUint32(at(other), first);
  await Deno.chmod(path, 0o644);
  await Deno.writeFile(path, bytes);
}

await testNeeding(["git"], "an index that says of a tree that it is another one leads nowhere else", async () => {
  await using dir = await tempDir();
  const repository = await work(dir.path);
  await repository.write("services/hello/hello.toml", "command = 'evil'\n");
  await repository.commit("second");
  const trees = await Promise.all(["HEAD^{tree}", "HEAD~^{tree}"].map((name) => repository.git("rev-parse", name)));
  await repository.git("repack", "-adfq", "--depth=0");
  const packs = `${repository.dir}/.git/objects/pack`;
  const index = (await Array.fromAsync(Deno.readDir(packs))).find(({ name }) => name.endsWith(".idx"))!;
  await exchange(`${packs}/${index.name}`, trees.map((id) => id.trim()) as [string, string]);
  await assert.rejects(sync(local(repository.dir)), { name: "Failure", message: /is not what its id says/ });
});
