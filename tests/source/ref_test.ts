/** Branches, tags and commits: what `[repo] ref` may name, on a server and on this device. */
import assert from "node:assert/strict";
import { parseRef } from "../../src/model/git_ref.ts";
import { GitRepository } from "../support/git_repository.ts";
import { testNeeding } from "../support/prerequisite.ts";
import { fleet, FOREVER, sourceSettings, sync } from "./fleet.ts";
import { createSource } from "../../src/source/create_source.ts";
import { systemClock } from "../../src/clock.ts";

Deno.test("a ref is a branch, a tag or a commit by the way it is written", () => {
  assert.deepEqual(parseRef("main"), { type: "name", name: "main" });
  assert.deepEqual(parseRef("refs/heads/a/b"), { type: "branch", name: "a/b" });
  assert.deepEqual(parseRef("refs/tags/v1.2"), { type: "tag", name: "v1.2" });
  assert.deepEqual(parseRef("a".repeat(40)), { type: "commit", name: "a".repeat(40) });
  assert.deepEqual(parseRef("a".repeat(39)), { type: "name", name: "a".repeat(39) });
});

/** Names of the repository below, and what each means there. */
async function tagged(repository: GitRepository, first: string) {
  await repository.git("tag", "light", first);
  await repository.git("tag", "--annotate", "--message", "release", "v1", first);
  await repository.git("tag", "--annotate", "--message", "a tag of a tag", "again", "v1");
  const second = await repository.commit("the branch goes on");
  await repository.git("tag", "both", first);
  await repository.git("branch", "both");
  return {
    second,
    means: {
      "light": first,
      "refs/tags/light": first,
      "v1": first,
      "refs/tags/v1": first,
      "again": first,
      "main": second,
      "refs/heads/main": second,
      "both": second,
      "refs/tags/both": first,
      [first]: first,
    },
  };
}

for (const ignoresVersion2 of [false, true]) {
  const version = ignoresVersion2 ? "without version 2 of the protocol" : "of today";
  await testNeeding(["git"], `a server ${version} gives branches, light and annotated tags, and commits`, async () => {
    await using on = await fleet();
    const { means } = await tagged(on.repository, on.first);
    on.server.ignoresVersion2 = ignoresVersion2;
    for (const [text, id] of Object.entries(means)) {
      const source = on.source({ ref: parseRef(text) });
      assert.equal(await source.head(FOREVER), id, text);
      assert.equal((await source.fetch(id, () => {}, FOREVER)).id, id, text);
      await Deno.remove(on.gitDir, { recursive: true });
    }
  });
}

await testNeeding(["git"], "a repository on this device gives the same, loose and packed", async () => {
  await using on = await fleet();
  const { means } = await tagged(on.repository, on.first);
  const settings = sourceSettings(on.repository.dir);
  const options = { gitDir: on.gitDir, clock: systemClock };
  const check = async (text: string, id: string) => {
    const source = createSource({ ...settings, ref: parseRef(text) }, options);
    assert.equal(await source.head(FOREVER), id, text);
    assert.equal((await sync(source)).id, id, text);
    await Deno.remove(on.gitDir, { recursive: true });
  };
  for (const [text, id] of Object.entries(means)) await check(text, id);
  // The tags' objects in a pack, and the tags themselves not: only the git process can look into them.
  await on.repository.git("repack", "-a", "-d", "--quiet");
  await check("again", on.first);
  await on.repository.git("gc", "--quiet");
  for (const [text, id] of Object.entries(means)) await check(text, id);
});

await testNeeding(["git"], "a tag that moves is a new revision, and a look at a commit asks nobody", async () => {
  await using on = await fleet();
  await on.repository.git("tag", "stable", on.first);
  const source = on.source({ ref: parseRef("stable") });
  assert.equal((await sync(source)).id, on.first);
  const second = await on.repository.commit("more");
  await on.repository.git("tag", "--force", "stable", second);
  assert.equal((await sync(source)).id, second);

  on.server.requests.length = 0;
  assert.equal(await on.source({ ref: parseRef(on.first) }).head(FOREVER), on.first);
  assert.deepEqual(on.server.requests, []);
});

await testNeeding(["git"], "a ref that is not there, or no commit, is named", async () => {
  await using on = await fleet();
  const blob = await on.repository.git("rev-parse", "HEAD:services/hello/run.sh");
  await on.repository.git("tag", "script", blob);
  const missing = { name: "Failure", kind: "mistake", reason: "ref_not_found" };
  const cases: [string, RegExp][] = [
    ["refs/tags/v9", /has no tag "v9"$/],
    ["v9", /has no branch or tag "v9"$/],
    ["script", /is no commit but a blob$/],
    ["0123456789".repeat(4), /does not give commit 0123456/],
  ];
  for (const url of [on.server.url("fleet"), on.repository.dir]) {
    for (const [text, message] of cases) {
      await assert.rejects(sync(on.source({ url, ref: parseRef(text) })), { ...missing, message }, `${url} ${text}`);
    }
    await assert.rejects(on.source({ url, ref: parseRef("refs/heads/v9") }).head(FOREVER), {
      reason: "branch_not_found",
    });
  }
});

await testNeeding(["git"], "a commit that no branch leads to comes where the server gives it, or is said", async () => {
  await using on = await fleet();
  const orphan = await on.repository.git("commit-tree", "HEAD^{tree}", "-m", "named by nobody");
  const source = () => on.source({ ref: parseRef(orphan) });
  assert.equal((await sync(source())).id, orphan, "version 2 of the protocol gives whatever is there");
  await Deno.remove(on.gitDir, { recursive: true });
  on.server.ignoresVersion2 = true;
  await assert.rejects(sync(source()), {
    reason: "ref_not_found",
    message: new RegExp(`does not give commit ${orphan.slice(0, 7)}: upload-pack: not our ref`),
    hint: /push a tag for it/,
  });
  await on.repository.git("config", "uploadpack.allowAnySHA1InWant", "true");
  assert.equal((await sync(source())).id, orphan);
});

await testNeeding(["git"], "another ref with the same commit is known again without a download", async () => {
  await using on = await fleet();
  await on.repository.git("tag", "v1", on.first);
  await sync(on.source());
  on.server.requests.length = 0;
  assert.equal(await on.source({ ref: parseRef("v1") }).lastFetched(), null);
  await sync(on.source({ ref: parseRef("v1") }));
  assert.equal(on.server.requests.length, 1, "only the look");
  assert.equal((await on.source({ ref: parseRef("v1") }).lastFetched())?.id, on.first);
});
