/**
 * The daemon is killed at random moments, again and again, while pushes change what it runs. ROUNDS=1000 for a long
 * run, SEED=... to repeat the pushes and the moments of one; both are printed.
 */
// deno-lint-ignore-file no-console -- rounds and seed are said aloud
import assert from "node:assert/strict";
import { join } from "node:path";
import { readRecords } from "../../src/runtime/native/instance_record.ts";
import { assertConverged, assertExitCodes } from "../support/chaos_claims.ts";
import { ChaosDaemon } from "../support/chaos_daemon.ts";
import { Fleet } from "../support/chaos_fleet.ts";
import { brokenLaws, readJournal } from "../support/chaos_journal.ts";
import { cgroupsLeft, doubleSlots, processesBelow } from "../support/chaos_processes.ts";
import { Random } from "../support/chaos_random.ts";
import { eventually } from "../support/eventually.ts";
import { GitRepository } from "../support/git_repository.ts";
import { testNeeding } from "../support/prerequisite.ts";
import { tempDir } from "../support/temp.ts";

const ROUNDS = Number(Deno.env.get("ROUNDS") ?? 25);
/** After so many rounds one daemon lives until it has converged: what was lost must not be covered by later pushes. */
const REST_EVERY = 10;
/** A service that recovers takes three lives, with a second between the last two; a busy machine makes it many. */
const CONVERGE_MS = 120_000;

await testNeeding(
  ["git"],
  "a daemon killed at any moment never doubles, orphans or forgets an instance, and converges",
  async () => {
    const random = Random.fromEnvironment();
    console.log(`kill rounds: ROUNDS=${ROUNDS} SEED=${random.seed}`);
    await using dir = await tempDir();
    const repository = await GitRepository.create(join(dir.path, "fleet"));
    const fleet = new Fleet(dir.path, { repository, random });
    const daemon = await ChaosDaemon.create(dir.path, repository.dir);
    const device: Chaos = { root: dir.path, random, fleet, daemon, commit: await fleet.begin(), steps: new Map() };
    let round = 0;
    try {
      while (round < ROUNDS) {
        round++;
        daemon.start();
        await playRound(device);
        await assertLaws(device);
        if (round % REST_EVERY === 0 || round === ROUNDS) await rest(device);
        if (round % 100 === 0) console.log(`kill rounds: ${round} done`);
      }
    } catch (error) {
      const message = `SEED=${random.seed}, round ${round} of ${ROUNDS}: ${error}\n--- daemon said:\n${daemon.log}`;
      await cleanUp(device).catch((second) => console.error(`and at the end: ${second}`));
      throw new Error(message);
    }
    await cleanUp(device);
    const steps = [...device.steps].sort().map(([step, count]) => `${count} ${step}`).join(", ");
    console.log(`kill rounds: ${ROUNDS} rounds, ${(await readJournal(dir.path)).length} lines; killed ${steps}`);
  },
);

interface Chaos {
  root: string;
  random: Random;
  fleet: Fleet;
  daemon: ChaosDaemon;
  /** The last push. */
  commit: string;
  /** How often the daemon was killed in which step. */
  steps: Map<string, number>;
}

/** Pushes, waits for a random moment, kills. The daemon was started just before. */
async function playRound(device: Chaos): Promise<void> {
  const { random, daemon, root } = device;
  switch (random.pick(["blind", "soon after its start", "after a push", "at a word", "at a word"])) {
    case "blind":
      await push(device);
      await moment(random.below(800));
      break;
    case "soon after its start":
      await daemon.hear(/ is up, /, 10_000);
      await moment(random.below(120));
      break;
    case "after a push":
      await daemon.hear(/ is up, /, 10_000);
      await push(device);
      await moment(random.below(400));
      // Two pushes in a row: the second is fetched while the first is carried out.
      if (random.below(2) < 1) await push(device);
      await moment(random.below(200));
      break;
    case "at a word": {
      await daemon.hear(/ is up, /, 10_000);
      const heard = daemon.hear(random.pick([/ asks for /, /: stopped /, /: started /, /: removed /]), 600);
      await push(device);
      await heard;
      await moment(random.below(15));
      break;
    }
  }
  if (random.below(4) < 1) {
    const snapshot = await daemon.status();
    if (snapshot !== null) assertExitCodes(snapshot);
  }
  device.steps.set(daemon.step, (device.steps.get(daemon.step) ?? 0) + 1);
  await daemon.kill();
  assert.deepEqual(await doubleSlots(root), []);
}

async function push(device: Chaos): Promise<void> {
  device.commit = (await device.fleet.push()).commit;
}

async function assertLaws({ root }: Chaos): Promise<void> {
  assert.deepEqual(brokenLaws(await readJournal(root)), []);
}

/** A daemon that is left alone takes everything to what was pushed last; then it is killed too. */
async function rest(device: Chaos): Promise<void> {
  const { daemon } = device;
  daemon.start();
  const claim = "the device is as the last push says";
  const look = () => assertConverged(daemon, device).then(() => true);
  try {
    await eventually(claim, look, { deadlineMs: CONVERGE_MS, everyMs: 50 });
  } finally {
    // A broken law is the better account of why it did not.
    await assertLaws(device);
  }
  await daemon.kill();
}

/** `harbornode down` leaves no process, no record and no cgroup, whatever happened before. */
async function cleanUp({ daemon, root }: Chaos): Promise<void> {
  await daemon.kill();
  daemon.start();
  const id = (await eventually("a last daemon answers", () => daemon.status())).device.id;
  const run = Deno.uid() === 0 ? `/run/harbornode/${id}` : join(root, "data", "run");
  try {
    assert.equal(await daemon.down(), 0);
    assert.deepEqual(await processesBelow(root), [], "orphans");
    assert.deepEqual(await readRecords(run), [], "records of instances that are gone");
    assert.deepEqual(await cgroupsLeft(id), [], "cgroups of instances that are gone");
  } finally {
    for (const { pid } of await processesBelow(root)) Deno.kill(pid, "SIGKILL");
    if (Deno.uid() === 0) await Deno.remove(run, { recursive: true });
  }
}

/** The random moment is what is tested; nothing is waited for. */
async function moment(ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms));
}
