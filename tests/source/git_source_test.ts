import assert from "node:assert/strict";
import { testNeeding } from "../support/prerequisite.ts";
import { fleet, FOREVER, sync, textOf } from "./fleet.ts";

await testNeeding(["git"], "source brings the revision of its branch with every file of it", async () => {
  await using on = await fleet();
  await on.repository.symlink("services/link", "hello/run.sh");
  const head = await on.repository.commit("add a link\n\nbody");

  const revision = await sync(on.source());

  assert.equal(revision.id, head);
  assert.equal(revision.subject, "add a link");
  assert.equal(revision.author, "Ada");
  assert.equal(revision.committedAt, Number(await on.repository.git("log", "-1", "--format=%ct")) * 1000);
  assert.deepEqual(revision.entries.map(({ path, type, executable }) => ({ path, type, executable })), [
    { path: "services/hello/hello.toml", type: "file", executable: false },
    { path: "services/hello/run.sh", type: "file", executable: true },
    { path: "services/link", type: "symlink", executable: false },
  ]);
  assert.equal(revision.entries[0]!.oid, await on.repository.git("rev-parse", "HEAD:services/hello/hello.toml"));
  assert.equal(await textOf(revision, "services/hello/hello.toml"), 'name = "hello"\n');
  assert.equal(await textOf(revision, "services/link"), "hello/run.sh");
});

await testNeeding(["git"], "source lists only what lies below its path, relative to it", async () => {
  await using on = await fleet();
  for (const path of ["services", "/services/", "./services"]) {
    const revision = await sync(on.source({ path }));
    assert.deepEqual(revision.entries.map((entry) => entry.path), ["hello/hello.toml", "hello/run.sh"]);
  }
});

await testNeeding(["git"], "a look at the branch is one request and writes nothing", async () => {
  await using on = await fleet();
  assert.equal(await on.source().head(FOREVER), on.first);
  assert.equal(on.server.requests.length, 1);
  await assert.rejects(Deno.stat(on.gitDir), Deno.errors.NotFound);
});

await testNeeding(
  ["git"],
  "a look at the branch works with a server that does not know protocol version 2",
  async () => {
    await using on = await fleet();
    on.server.ignoresVersion2 = true;
    assert.equal(await on.source().head(FOREVER), on.first);
    await assert.rejects(on.source({ branch: "gone" }).head(FOREVER), { reason: "branch_not_found" });
  },
);

await testNeeding(["git"], "source asks the network for nothing that it holds already", async () => {
  await using on = await fleet();
  await sync(on.source());
  on.server.requests.length = 0;

  const revision = await on.source().fetch(on.first, () => {}, FOREVER);

  assert.equal(revision.id, on.first);
  assert.equal(await textOf(revision, "services/hello/run.sh"), "#!/bin/sh\n");
  assert.deepEqual(on.server.requests, []);
});

await testNeeding(["git"], "source brings what the branch is at when it moved on after the look", async () => {
  await using on = await fleet();
  const source = on.source();
  const seen = await source.head(FOREVER);
  const later = await on.repository.commit("meanwhile");
  const revision = await source.fetch(seen, () => {}, FOREVER);
  assert.equal(revision.id, later);
});

await testNeeding(
  ["git"],
  "source keeps the files of one revision and no history, however often the branch moves",
  async () => {
    await using on = await fleet();
    const source = on.source();
    for (let n = 0; n < 4; n++) {
      await on.repository.write("counter.txt", `${n}`);
      await on.repository.commit(`count ${n}`);
      await sync(source);
    }
    const kept = [];
    for await (const entry of Deno.readDir(on.gitDir)) kept.push(entry.name);
    assert.deepEqual(kept.sort(), ["content", "harbornode.json"]);
    const beside = [];
    for await (const entry of Deno.readDir(`${on.dir}/data`)) beside.push(entry.name);
    assert.deepEqual(beside, ["repository"]);
  },
);

await testNeeding(["git"], "source follows a branch that was rewritten to history sharing nothing", async () => {
  await using on = await fleet();
  const source = on.source();
  await sync(source);
  await on.repository.write("services/hello/hello.toml", 'name = "anew"\n');
  const rewritten = await on.repository.rewrite("start over");

  const revision = await sync(source);

  assert.equal(revision.id, rewritten);
  assert.equal(await textOf(revision, "services/hello/hello.toml"), 'name = "anew"\n');
});

await testNeeding(["git"], "source takes the branch where a tag has the same name", async () => {
  await using on = await fleet();
  await on.repository.git("tag", "main", on.first);
  const head = await on.repository.commit("the branch goes on");
  assert.equal((await sync(on.source())).id, head);
});

await testNeeding(["git"], "source lists a submodule and does not follow it", async () => {
  await using on = await fleet();
  await on.repository.git("update-index", "--add", "--cacheinfo", `160000,${on.first},vendored`);
  await on.repository.git("commit", "--quiet", "--message", "vendor");
  const revision = await sync(on.source());
  assert.deepEqual(revision.entries.find((entry) => entry.path === "vendored"), {
    path: "vendored",
    type: "submodule",
    executable: false,
    oid: on.first,
    size: 0,
  });
});

await testNeeding(["git"], "source says what it is doing while it receives", async () => {
  await using on = await fleet();
  const said: string[] = [];
  await on.source().fetch(on.first, (message) => said.push(message), FOREVER);
  assert.ok(said.some((message) => /objects \d+ %$/.test(message)), said.join("; "));
  assert.equal(new Set(said).size, said.length, "nothing is said twice");
});
