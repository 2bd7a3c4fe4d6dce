import assert from "node:assert/strict";
import { Failure } from "../../src/failure.ts";
import type { Admission, Ancestry } from "../../src/source/source.ts";
import { testNeeding } from "../support/prerequisite.ts";
import { fleet, FOREVER, sync, textOf } from "./fleet.ts";

const REFUSAL = new Failure("not this one", { kind: "waiting", reason: "repo_invalid" });

/** Admits what is on the list, and writes down what it was asked. */
function list(): { admit: Admission; allowed: Set<string>; asked: string[] } {
  const allowed = new Set<string>();
  const asked: string[] = [];
  const admit: Admission = async ({ id }) => {
    asked.push(id);
    if (!allowed.has(id)) throw REFUSAL;
  };
  return { admit, allowed, asked };
}

await testNeeding(["git"], "a revision that is not admitted leaves the one before in its place", async () => {
  await using on = await fleet();
  const { admit, allowed } = list();
  allowed.add(on.first);
  const source = on.source({}, { admit });
  await sync(source);
  await on.repository.write("services/hello/run.sh", "#!/bin/sh\nexit 1\n");
  const second = await on.repository.commit("another");

  await assert.rejects(sync(source), REFUSAL);

  const before = await on.source({}, { admit }).lastFetched();
  assert.equal(before?.id, on.first);
  assert.equal(await textOf(before, "services/hello/run.sh"), "#!/bin/sh\n");
  allowed.add(second);
  assert.equal(await textOf(await sync(source), "services/hello/run.sh"), "#!/bin/sh\nexit 1\n");
});

await testNeeding(["git"], "a revision that was not admitted is asked about again, and not fetched again", async () => {
  await using on = await fleet();
  const { admit, asked } = list();
  const source = on.source({}, { admit });
  await assert.rejects(sync(source), REFUSAL);
  on.server.requests.length = 0;

  await assert.rejects(source.fetch(on.first, () => {}, FOREVER), REFUSAL);

  assert.deepEqual(asked, [on.first, on.first]);
  assert.equal(on.server.requests.length, 0);
});

await testNeeding(["git"], "the revision on disk is asked about at each start", async () => {
  await using on = await fleet();
  await sync(on.source());
  const { admit } = list();
  await assert.rejects(on.source({}, { admit }).lastFetched(), REFUSAL);
});

await testNeeding(["git"], "admission is told what a revision came after, over http and on this device", async () => {
  await using on = await fleet();
  await on.repository.commit("between");
  const last = await on.repository.commit("last");
  const rewritten = await on.repository.git("commit-tree", `${on.first}^{tree}`, "-m", "of its own");
  for (const url of [on.server.url("fleet"), on.repository.dir]) {
    let said: boolean[] = [];
    const admit: Admission = async (_, ancestry: Ancestry) => {
      said = [];
      for (const id of [last, on.first, rewritten]) said.push(await ancestry.descendsFrom(id));
    };
    await sync(on.source({ url }, { admit }));
    assert.deepEqual(said, [true, true, false], url);
  }
  await assert.rejects(Deno.stat(`${on.gitDir}.history`), Deno.errors.NotFound);
});
