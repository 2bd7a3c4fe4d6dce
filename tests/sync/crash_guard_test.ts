import assert from "node:assert/strict";
import { join } from "node:path";
import { CrashGuard } from "../../src/sync/crash_guard.ts";
import { type RevisionAttempt, writeAttempt } from "../../src/store/revision_in_progress.ts";
import { tempDir } from "../support/temp.ts";

const BAD = "b".repeat(40);
const GOOD = "c".repeat(40);

async function noted() {
  const dir = await tempDir();
  const path = join(dir.path, "attempt.json");
  const time = { bootId: "first boot", uptime: 100 };
  const open = () => CrashGuard.open(path, { uptime: () => ({ ...time }), now: Date.UTC(2026, 0, 2, 3, 4, 5) });
  return {
    path,
    time,
    open,
    /** A daemon that begins with the revision and dies after so many seconds; returns the next one. */
    async die(revision: string, afterSeconds: number) {
      await (await open()).begin(revision);
      time.uptime += afterSeconds;
      return await open();
    },
    exists: () => Deno.stat(path).then(() => true, () => false),
    [Symbol.asyncDispose]: () => dir[Symbol.asyncDispose](),
  };
}

Deno.test("a revision over which two daemons died late is set aside, for the next daemons too", async () => {
  await using on = await noted();
  assert.equal((await on.die(BAD, 30)).refusal(BAD), null, "one death may have another cause");
  const next = await on.die(BAD, 30);
  const failure = next.refusal(BAD);
  assert.deepEqual([failure?.kind, failure?.reason], ["mistake", "revision_set_aside"]);
  assert.equal(
    failure?.message,
    "Revision bbbbbbb is set aside: the daemon died 2 times while it processed it, last at 2026-01-02T03:04:05Z",
  );
  assert.match(failure?.hint ?? "", /^push a commit that reverts or corrects it; "harbornode sync --force"/);
  assert.equal(next.refusal(GOOD), null, "another revision is not concerned");
  assert.equal((await on.open()).refusal(BAD)?.message, failure?.message, "also where the disk could not be written");
  await next.keep();
  on.time.uptime += 1000;
  assert.equal((await on.open()).refusal(BAD)?.message, failure?.message, "no death is added");
});

Deno.test("quick deaths, as by hand, set a revision aside only when there are five in a row", async () => {
  await using on = await noted();
  for (let death = 1; death <= 4; death++) assert.equal((await on.die(BAD, 1)).refusal(BAD), null, `death ${death}`);
  assert.notEqual((await on.die(BAD, 1)).refusal(BAD), null);
});

Deno.test("a death in an earlier boot of the machine counts as a late one", async () => {
  await using on = await noted();
  for (const boot of ["second", "third"]) {
    await (await on.open()).begin(BAD);
    on.time.bootId = boot;
    on.time.uptime = 5;
  }
  assert.notEqual((await on.open()).refusal(BAD), null);
});

Deno.test("what was processed once, or stopped in order, is no death", async () => {
  await using on = await noted();
  for (let round = 0; round < 10; round++) {
    const one = await on.open();
    await one.begin(BAD);
    on.time.uptime += 60;
    await one.interrupt();
    const other = await on.open();
    await other.begin(BAD);
    on.time.uptime += 60;
    await other.end(BAD);
    assert.equal(await on.exists(), false);
  }
  await on.die(BAD, 60);
  const one = await on.open();
  await one.begin(BAD);
  await one.interrupt();
  const after = await on.open();
  assert.equal(after.refusal(BAD), null);
  await after.begin(BAD);
  await after.end(BAD);
  assert.equal((await on.die(BAD, 60)).refusal(BAD), null, "the death before is forgotten with the success");
});

Deno.test("another revision takes the place of the one that is set aside, and ends as every other", async () => {
  await using on = await noted();
  await on.die(BAD, 30);
  const next = await on.die(BAD, 30);
  await next.begin(GOOD);
  await next.end(BAD);
  assert.equal(await on.exists(), true, "the end of another one is none of its own");
  await next.end(GOOD);
  assert.equal(await on.exists(), false);
});

Deno.test("what is set aside is tried once more at the operator's word, and one death sets it aside again", async () => {
  await using on = await noted();
  await on.die(BAD, 30);
  const next = await on.die(BAD, 30);
  next.allowAgain();
  assert.equal(next.refusal(BAD), null);
  await next.begin(BAD);
  on.time.uptime += 1;
  assert.match((await on.open()).refusal(BAD)?.message ?? "", /died 3 times/);
});

Deno.test("another version of HarborNode tries again", async () => {
  await using on = await noted();
  const dead = { revision: BAD, version: "0.0.1", begun: null, deaths: 2, diedAt: null, weight: 6 };
  await writeAttempt(on.path, dead satisfies RevisionAttempt);
  assert.equal((await on.open()).refusal(BAD), null);
});

Deno.test("a note that cannot be written or read keeps nothing from running", async () => {
  await using on = await noted();
  await Deno.mkdir(on.path);
  const one = await on.open();
  assert.equal(one.refusal(BAD), null);
  await one.begin(BAD);
  await one.end(BAD);
  await one.begin(BAD);
  await one.interrupt();
});
