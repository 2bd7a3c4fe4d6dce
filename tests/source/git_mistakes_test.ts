/** What people do to repositories. None of it takes away what the device has. */
import assert from "node:assert/strict";
import { GitRepository } from "../support/git_repository.ts";
import { testNeeding } from "../support/prerequisite.ts";
import { fleet, FOREVER, sync } from "./fleet.ts";

await testNeeding(["git"], "a branch that is not there is named, with the default branch as the hint", async () => {
  await using on = await fleet();
  for (const branch of ["mian", "mai"]) {
    await assert.rejects(on.source({ branch }).head(FOREVER), {
      name: "Failure",
      kind: "mistake",
      reason: "branch_not_found",
      message: `The repository "${on.server.url("fleet")}" has no branch "${branch}"`,
      hint: 'push that branch, or write branch = "main", its default branch, in [repo]',
    });
  }
});

await testNeeding(["git"], "a branch deleted after it was fetched leaves the revision on the device", async () => {
  await using on = await fleet();
  await on.repository.git("branch", "device");
  const source = on.source({ branch: "device" });
  const { id } = await sync(source);
  await on.repository.git("branch", "--quiet", "--delete", "device");

  await assert.rejects(source.head(FOREVER), { reason: "branch_not_found" });
  await assert.rejects(source.fetch("0".repeat(40), () => {}, FOREVER), { reason: "branch_not_found" });
  assert.equal((await source.lastFetched())?.id, id);
});

await testNeeding(["git"], "a renamed default branch is a missing branch with the new name as the hint", async () => {
  await using on = await fleet();
  await on.repository.git("branch", "--move", "main", "trunk");
  await assert.rejects(on.source().head(FOREVER), { reason: "branch_not_found", hint: /branch = "trunk"/ });
});

await testNeeding(["git"], "a repository without a commit is said to be empty", async () => {
  await using on = await fleet();
  await GitRepository.create(`${on.dir}/served/bare-beginnings`);
  const source = on.source({ url: on.server.url("bare-beginnings") });
  await assert.rejects(source.head(FOREVER), { name: "Failure", kind: "mistake", reason: "repo_empty" });
  await assert.rejects(source.fetch(on.first, () => {}, FOREVER), { name: "Failure", reason: "repo_empty" });
});

await testNeeding(["git"], "a branch whose files were all removed is a revision without entries", async () => {
  await using on = await fleet();
  const source = on.source();
  await sync(source);
  await on.repository.remove("services");
  await on.repository.commit("remove everything");
  assert.deepEqual((await sync(source)).entries, []);
});

await testNeeding(["git"], "a path that vanished fails by name, is not downloaded twice, and comes back", async () => {
  await using on = await fleet();
  const source = on.source({ path: "services/hello" });
  await sync(source);
  await on.repository.git("mv", "services", "moved");
  const gone = await on.repository.commit("move");

  await assert.rejects(sync(source), {
    name: "Failure",
    kind: "mistake",
    reason: "path_not_found",
    message: `The repository "${on.server.url("fleet")}" has no folder "services/hello" in revision ${
      gone.slice(0, 7)
    }`,
  });
  assert.equal((await source.lastFetched())?.id, on.first);
  on.server.requests.length = 0;
  await assert.rejects(sync(source), { reason: "path_not_found" });
  assert.equal(on.server.requests.length, 1, "only the look");

  await on.repository.git("mv", "moved", "services");
  const back = await on.repository.commit("move back");
  assert.equal((await sync(source)).id, back);
});

await testNeeding(["git"], "a path that is a file or a symlink is no folder", async () => {
  await using on = await fleet();
  await on.repository.symlink("link", "/etc");
  await on.repository.commit("link");
  for (const path of ["link", "services/hello/run.sh"]) {
    await assert.rejects(sync(on.source({ path })), { reason: "path_not_found" });
  }
});

await testNeeding(["git"], "a repository with SHA-256 ids is refused by name", async () => {
  await using on = await fleet();
  const modern = await GitRepository.create(`${on.dir}/served/modern`, { objectFormat: "sha256" });
  await modern.commit("first");
  await assert.rejects(on.source({ url: on.server.url("modern") }).head(FOREVER), {
    name: "Failure",
    kind: "mistake",
    message: /by SHA-256, which is not supported/,
  });
  await assert.rejects(on.source({ url: modern.dir }).head(FOREVER), { kind: "mistake", message: /by SHA-256/ });
});

await testNeeding(["git"], "a tree with a name that leads out of it is refused", async () => {
  await using on = await fleet();
  const blob = await on.repository.git("rev-parse", "HEAD:services/hello/run.sh");
  for (const name of ["..", ".git", ".", "a/b"]) {
    const raw = Uint8Array.from([
      ...new TextEncoder().encode(`100644 ${name}\0`),
      ...blob.match(/../g)!.map((byte) => Number.parseInt(byte, 16)),
    ]);
    await Deno.writeFile(`${on.dir}/tree`, raw);
    const tree = await on.repository.git("hash-object", "--literally", "-w", "-t", "tree", `${on.dir}/tree`);
    const hostile = await on.repository.git("commit-tree", tree, "-m", "hostile");
    await on.repository.git("update-ref", "refs/heads/hostile", hostile);
    await assert.rejects(sync(on.source({ branch: "hostile" })), {
      name: "Failure",
      kind: "mistake",
      reason: "repo_invalid",
      message: /forbidden name/,
    });
  }
});

await testNeeding(["git"], "what a commit says of itself cannot steer a terminal", async () => {
  await using on = await fleet();
  await on.repository.git(
    "commit",
    "--quiet",
    "--allow-empty",
    "--message",
    "red \x1b[31m alert\x07",
    "--author",
    "M\x1b]0;x\x07 <m@x>",
  );
  const { subject, author } = await sync(on.source());
  assert.deepEqual({ subject, author }, { subject: "red  [31m alert", author: "M ]0;x" });
});

await testNeeding(["git"], "folders that unfold to millions end the fetch with a sentence", async () => {
  await using on = await fleet();
  let tree = await on.repository.git("mktree", "--missing", "-z");
  for (let level = 0; level < 6; level++) {
    const file = `${on.dir}/listing`;
    const bytes = tree.match(/../g)!.map((byte) => Number.parseInt(byte, 16));
    const raw = Array.from({ length: 10 }, (_, n) => [...new TextEncoder().encode(`40000 ${n}\0`), ...bytes]).flat();
    await Deno.writeFile(file, Uint8Array.from(raw));
    tree = await on.repository.git("hash-object", "-w", "-t", "tree", file);
  }
  const bomb = await on.repository.git("commit-tree", tree, "-m", "bomb");
  await on.repository.git("update-ref", "refs/heads/bomb", bomb);
  await assert.rejects(sync(on.source({ branch: "bomb" })), {
    name: "Failure",
    kind: "mistake",
    message: /more than 10000 folders below/,
  });
});
