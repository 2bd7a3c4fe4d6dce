import assert from "node:assert/strict";
import { systemClock } from "../../src/clock.ts";
import { revisionVerifier } from "../../src/sync/verify_revision.ts";
import { Failure } from "../../src/failure.ts";
import type { Settings } from "../../src/settings/settings.ts";
import type { Revision, TreeEntry } from "../../src/source/source.ts";
import { SourceRecord } from "../../src/store/source_record.ts";
import type { SourceState } from "../../src/store/source_state.ts";
import { GitRepository } from "../support/git_repository.ts";
import { testNeeding } from "../support/prerequisite.ts";
import { commitSigned, makeKey, rawCommit } from "../support/ssh_keys.ts";
import { tempDir } from "../support/temp.ts";

const TARGET = { device: "pi", labels: {} };

const HERE = { url: "https://git.example.org/fleet.git", branch: "main" };

function record(fields: Partial<SourceState> = {}): SourceRecord {
  const none = { seen: null, attempted: null, applied: null, healthy: null, pruneConfirmed: null };
  return SourceRecord.inMemory({ ...HERE, device: "test", ...none, ...fields });
}

/** Revisions "a1", "a2"... come after each other; those of another letter are of another history. */
async function ask(
  known: SourceRecord,
  id: string,
  { asked = [] as string[], source = HERE } = {},
): Promise<string | null> {
  const trust = { verify: "none", allowedSigners: null, requireFastForward: true } as const;
  const descendsFrom = (other: string) => {
    asked.push(other);
    return Promise.resolve(id[0] === other[0] && Number(id.slice(1)) >= Number(other.slice(1)));
  };
  const admit = revisionVerifier({
    trust,
    clock: systemClock,
    known: () => ({ record: known, source, target: TARGET }),
  });
  return await admit({ id, entries: [] as TreeEntry[] } as Revision, { isAncestor: descendsFrom }).then(
    () => null,
    (error) => {
      assert.ok(error instanceof Failure);
      assert.equal(error.kind, "waiting");
      return error.reason;
    },
  );
}

Deno.test("a branch that goes on is followed, and one that was rewound waits", async () => {
  const known = record({ applied: "a3", attempted: "a4" });
  for (const id of ["a3", "a4", "a9"]) assert.equal(await ask(known, id), null, id);
  for (const id of ["a2", "b4"]) assert.equal(await ask(known, id), "history_rewound", id);
  assert.deepEqual(known.current.rewound, { revision: "b4", over: "a3" });
  assert.equal(await ask(known, "a5"), null);
  assert.equal(known.current.rewound, undefined);
});

Deno.test("what was accepted is taken with all that comes after it, in place of that applied revision alone", async () => {
  const known = record({ applied: "a3", attempted: "a3", accepted: { revision: "b1", over: "a3" } });
  assert.equal(await ask(known, "b1"), null);
  assert.equal(await ask(known, "b2"), null);
  assert.equal(await ask(known, "a4"), null);
  assert.equal(await ask(known, "b0"), "history_rewound");
  known.recordAttempted("b2");
  await known.recordApplied("b2", { healthy: false, identity: { ...HERE, device: "test" } });
  assert.equal(await ask(known, "b1"), "history_rewound");
  assert.equal(await ask(known, "a4"), "history_rewound");
});

Deno.test("of a revision that waits, the history is asked for once", async () => {
  const known = record({ applied: "a3", attempted: "a3" });
  const asked: string[] = [];
  for (let look = 0; look < 3; look++) assert.equal(await ask(known, "b1", { asked }), "history_rewound");
  assert.deepEqual(asked, ["a3"]);
});

Deno.test("history is not measured where none was applied, or that of another repository or branch", async () => {
  assert.equal(await ask(record(), "b1"), null);
  const known = record({ applied: "a3", attempted: "a3" });
  assert.equal(await ask(known, "b1", { source: { ...HERE, branch: "next" } }), null);
  assert.equal(await ask(known, "b1", { source: { ...HERE, url: "https://git.example.org/other.git" } }), null);
});

await testNeeding(
  ["git", "ssh-keygen"],
  "a list of signers is read anew for each revision, whatever becomes of it",
  async () => {
    await using dir = await tempDir();
    const repository = await GitRepository.create(`${dir.path}/fleet`);
    const key = await makeKey(dir.path, "key");
    const id = await commitSigned(repository, key, "hello");
    const commit = await rawCommit(repository, id);
    const known = record();
    const allowedSigners = `${dir.path}/signers`;
    const trust: Settings["trust"] = { verify: "head", allowedSigners, requireFastForward: false };
    const admit = revisionVerifier({
      trust,
      clock: systemClock,
      known: () => ({ record: known, source: HERE, target: TARGET }),
    });
    const check = () =>
      admit({ id, commit, entries: [] as TreeEntry[] } as Revision, {
        isAncestor: () => Promise.reject(new Error("not asked")),
      });
    const refusal = { name: "Failure", kind: "waiting" };

    await assert.rejects(check(), {
      ...refusal,
      reason: "signers_unreadable",
      message: /cannot be read: it is not there/,
    });
    await Deno.writeTextFile(allowedSigners, "");
    await assert.rejects(check(), { ...refusal, reason: "signer_unknown" });
    await Deno.writeTextFile(allowedSigners, `# ours\nada@example.org namespaces ${key.line}\n`);
    await assert.rejects(check(), {
      ...refusal,
      reason: "signers_unreadable",
      message: /^Line 2 of the list of signers/,
    });
    assert.equal(known.current.signed, undefined);
    await Deno.writeTextFile(allowedSigners, `ada@example.org ${key.line}\n`);
    await check();
    assert.deepEqual(known.current.signed, [{ revision: id, signer: "ada@example.org" }]);
    await Deno.writeTextFile(allowedSigners, "# nobody any more\n");
    await assert.rejects(check(), { ...refusal, reason: "signer_unknown" });
  },
);
