/** A revision over which daemons die keeps none of them from starting, and the next push recovers the device by itself. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { eventually } from "../support/eventually.ts";
import { testNeeding } from "../support/prerequisite.ts";
import { pushedDevice, shell, SLEEP } from "../support/repo_backed_device.ts";

/** So many manifests that the daemon is seen while it reads them. */
const MANY = 400;
const IDLE = `${SLEEP}enabled = false\n`;

type On = Awaited<ReturnType<typeof pushedDevice>>;

async function pushMany({ repository }: On): Promise<string> {
  for (let n = 0; n < MANY; n++) await repository.write(`services/idle${n}.toml`, IDLE);
  await repository.write("services/keeper.toml", shell("exec sleep 7200"));
  return await repository.commit("many");
}

/** Kills the daemon while its note says that it processes the revision, which `deaths` daemons before it did not survive. */
async function killWhileProcessing({ device }: On, revision: string, deaths: number): Promise<void> {
  const path = join(device.dataDir, "state/attempt.json");
  const isUnderWay = async () => {
    const text = await Deno.readTextFile(path).catch(() => null);
    const note = text === null ? null : JSON.parse(text).value;
    return note?.revision === revision && note.begun !== null && note.deaths === deaths;
  };
  await eventually("the revision is being processed", isUnderWay, { everyMs: 1 });
  await device.killDaemon();
  assert.ok(await isUnderWay(), "it died meanwhile");
}

/** Moves the beginning of the processing to an earlier boot: the death was late in it. */
async function makeLate({ device }: On): Promise<void> {
  const path = join(device.dataDir, "state/attempt.json");
  const note = JSON.parse(await Deno.readTextFile(path));
  note.value.begun.bootId = "an earlier boot";
  await Deno.writeTextFile(path, JSON.stringify(note));
}

await testNeeding(["git"], "a daemon killed twice while it processes a good revision loses nothing", async () => {
  await using on = await pushedDevice({ "keeper.toml": SLEEP });
  await on.device.until("keeper", (workload) => workload.phase === "running");
  const many = await pushMany(on);
  await killWhileProcessing(on, many, 0);
  // The daemon answers before the boot from disk: the second kill falls into that.
  await on.device.startDaemon();
  await killWhileProcessing(on, many, 1);
  await on.device.startDaemon();
  const status = await eventually("the revision is applied", async () => {
    const seen = await on.device.status();
    return seen?.source.planned === many && seen.workloads.length === MANY + 1 && seen;
  });
  assert.equal(status.source.error, null);
  const path = join(on.device.dataDir, "state/attempt.json");
  await eventually("the note is gone", () => Deno.stat(path).then(() => false, () => true));
});

await testNeeding(
  ["git"],
  "a revision over which two daemons died is set aside: the last applied specs run, and the next push is taken",
  async () => {
    await using on = await pushedDevice({ "keeper.toml": SLEEP, "goner.toml": SLEEP });
    const { device, repository } = on;
    const { instances: [keeper] } = await device.until("keeper", (workload) => workload.health === "healthy");
    await device.until("goner", (workload) => workload.health === "healthy");
    const many = await pushMany(on);
    for (let death = 0; death < 2; death++) {
      if (death > 0) await device.startDaemon();
      await killWhileProcessing(on, many, death);
      await makeLate(on);
    }
    // What ends while no daemon is there is started again from disk.
    const goner = await pidOf("3600", keeper!.pid!);
    Deno.kill(goner, "SIGKILL");

    await device.startDaemon();
    const { instances: [again] } = await device.until(
      "goner",
      (workload) => workload.instances[0]?.pid !== undefined && workload.phase === "running",
    );
    assert.notEqual(again!.pid, goner);
    const kept = await device.until("keeper", (workload) => workload.phase === "running");
    assert.equal(kept.instances[0]?.pid, keeper!.pid, "what runs goes on");
    const status = await eventually("the repository was looked at", async () => {
      const seen = await device.status();
      return seen?.source.sync === "failed" && seen;
    });
    assert.deepEqual(status.workloads.map(({ name }) => name), ["goner", "keeper"]);
    assert.equal(status.source.seen, many);
    const { error } = status.source;
    assert.equal(error?.reason, "revision_set_aside");
    assert.match(error.message, /^Revision [0-9a-f]{7} is set aside: the daemon died 2 times while it processed it/);
    assert.match((await device.cli("status")).out.replace(/\s+/g, " "), /revision_set_aside: Revision .* is set aside/);
    assert.match((await device.cli("doctor")).out.replace(/\s+/g, " "), /problem .* is set aside: the daemon died/);
    const plan = await device.cli("plan");
    assert.match(plan.out + plan.err, /is set aside/);

    await repository.git("revert", "--no-edit", "HEAD");
    const revert = await repository.git("rev-parse", "HEAD");
    const recovered = await eventually("the revert is applied", async () => {
      const seen = await device.status();
      return seen?.source.planned === revert && seen.source.sync === "synced" && seen;
    });
    assert.equal(recovered.source.error, null);
    assert.equal((await device.workload("keeper"))?.instances[0]?.pid, keeper!.pid);
  },
);

/** The service of this device that sleeps so long, and is not `other`: a neighbour of it by its command line. */
async function pidOf(seconds: string, other: number): Promise<number> {
  const cwd = await Deno.readLink(`/proc/${other}/cwd`);
  for await (const { name } of Deno.readDir("/proc")) {
    if (!/^\d+$/.test(name) || Number(name) === other) continue;
    const words = await Deno.readTextFile(`/proc/${name}/cmdline`).catch(() => "");
    if (words !== `sleep\0${seconds}\0`) continue;
    const its = await Deno.readLink(`/proc/${name}/cwd`).catch(() => "");
    if (its.replace(/goner/, "keeper") === cwd) return Number(name);
  }
  throw new Error("the service does not run");
}

await testNeeding(["git"], "what is set aside is tried once more by sync --force", async () => {
  await using on = await pushedDevice({ "keeper.toml": SLEEP });
  await on.device.until("keeper", (workload) => workload.phase === "running");
  const many = await pushMany(on);
  for (let death = 0; death < 2; death++) {
    if (death > 0) await on.device.startDaemon();
    await killWhileProcessing(on, many, death);
    await makeLate(on);
  }
  await on.device.startDaemon();
  const aside = await on.device.cli("sync");
  assert.match(aside.err, /is set aside/);
  assert.equal(aside.code, 1);
  await on.device.cli("sync", "--force");
  await eventually("it is applied", async () => (await on.device.status())?.source.planned === many);
});
