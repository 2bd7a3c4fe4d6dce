/** Who decides whether a revision is used is asked before it is: of each new one, and of the one on disk. */
import assert from "node:assert/strict";
import { Failure } from "../../src/failure.ts";
import type { RevisionVerifier } from "../../src/source/source.ts";
import { testNeeding } from "../support/prerequisite.ts";
import { fleet, FOREVER, sync, textOf } from "./fleet.ts";

const refusal = (kind: Failure["kind"]) => new Failure("The revision is not let in", { kind, reason: "policy_denied" });

await testNeeding(["git"], "a revision is asked for with its raw commit and its files before it is used", async () => {
  await using on = await fleet();
  const asked: string[] = [];
  const admit: RevisionVerifier = async (revision) => {
    asked.push(revision.id);
    const raw = await on.repository.git("cat-file", "commit", revision.id);
    assert.equal(new TextDecoder().decode(revision.commit).trimEnd(), raw);
    assert.equal(await textOf(revision, "services/hello/run.sh"), "#!/bin/sh\n");
    await assert.rejects(Deno.stat(on.gitDir), Deno.errors.NotFound, "it has not taken its place yet");
  };
  const revision = await sync(on.source({}, { admit }));
  assert.deepEqual(asked, [on.first]);
  assert.equal(await textOf(revision, "services/hello/run.sh"), "#!/bin/sh\n");
});

for (const kind of ["mistake", "refused"] as const) {
  await testNeeding(["git"], `a revision that is not let in (${kind}) leaves the one before in its place`, async () => {
    await using on = await fleet();
    let refused = "";
    const admit: RevisionVerifier = (revision) =>
      revision.id === refused ? Promise.reject(refusal(kind)) : Promise.resolve();
    const source = on.source({}, { admit });
    const before = await sync(source);
    refused = await on.repository.commit("unsigned");
    await assert.rejects(sync(source), { message: "The revision is not let in", kind });
    assert.equal((await source.lastFetched())?.id, on.first);
    assert.equal(await textOf(before, "services/hello/run.sh"), "#!/bin/sh\n", "and it can still be read");
    const left = [];
    for await (const entry of Deno.readDir(`${on.dir}/data`)) left.push(entry.name);
    assert.deepEqual(left, ["repository"]);

    on.server.requests.length = 0;
    await assert.rejects(sync(source), { message: "The revision is not let in" });
    const isFetchedAgain = on.server.requests.length > 1;
    assert.equal(isFetchedAgain, kind === "refused", "a mistake is one until there is another commit");
    const after = await on.repository.commit("signed");
    assert.equal((await sync(source)).id, after);
  });
}

await testNeeding(
  ["git"],
  "the revision on disk is asked for too: at a start, and when it is wanted again",
  async () => {
    await using on = await fleet();
    await sync(on.source());
    const source = on.source({}, { admit: () => Promise.reject(refusal("refused")) });
    await assert.rejects(source.lastFetched(), { message: "The revision is not let in" });
    await assert.rejects(source.fetch(on.first, () => {}, FOREVER), { message: "The revision is not let in" });
  },
);

for (const place of ["a server", "a server without version 2", "a server that leaves nothing out", "this device"]) {
  await testNeeding(["git"], `what a revision came after is found out on ${place}`, async () => {
    await using on = await fleet();
    // More than the first step asks for.
    for (let n = 0; n < 60; n++) await on.repository.git("commit", "--quiet", "--allow-empty", "--message", `${n}`);
    await on.repository.git("branch", "side", on.first);
    const parent = await on.repository.git("rev-parse", "HEAD~1");
    const side = await on.repository.git("commit-tree", "HEAD^{tree}", "-p", on.first, "-m", "beside");
    await on.repository.git("config", "uploadpack.allowFilter", String(place !== "a server that leaves nothing out"));
    on.server.ignoresVersion2 = place === "a server without version 2";
    const cases = { [on.first]: true, [parent]: true, [side]: false, ["0".repeat(40)]: false };
    const found: Record<string, boolean> = {};
    const admit: RevisionVerifier = async (revision, { isAncestor }) => {
      assert.equal(await isAncestor(revision.id), true, "of itself");
      for (const id of Object.keys(cases)) found[id] = await isAncestor(id);
    };
    const url = place === "this device" ? on.repository.dir : on.server.url("fleet");
    await sync(on.source({ url }, { admit }));
    assert.deepEqual(found, cases);
    const left = [];
    for await (const entry of Deno.readDir(`${on.dir}/data`)) left.push(entry.name);
    assert.deepEqual(left, ["repository"], "nothing of the history stays");
  });
}

await testNeeding(["git"], "a server that does not answer leaves open what a revision came after", async () => {
  await using on = await fleet();
  await sync(on.source());
  on.server.fault = { type: "status", status: 503 };
  const admit: RevisionVerifier = async (_, { isAncestor }) => void await isAncestor("0".repeat(40));
  await assert.rejects(on.source({}, { admit }).lastFetched(), { name: "Failure", reason: "repo_unreachable" });
});

await testNeeding(["git"], "a revision that was not let in is asked about again, and not fetched again", async () => {
  await using on = await fleet();
  const asked: string[] = [];
  const admit = ({ id }: { id: string }) => {
    asked.push(id);
    return Promise.reject(new Failure("not this one", { kind: "waiting", reason: "repo_invalid" }));
  };
  const source = on.source({}, { admit });
  await assert.rejects(sync(source), /not this one/);
  on.server.requests.length = 0;
  await assert.rejects(source.fetch(on.first, () => {}, FOREVER), /not this one/);
  assert.deepEqual(asked, [on.first, on.first]);
  assert.equal(on.server.requests.length, 0);
});
