/** Finds the instances that an earlier daemon of this boot started, running or ended. */
import type { Clock } from "../../clock.ts";
import { isPopulated, thawCgroup } from "./process/cgroup_processes.ts";
import { isAlive } from "../../os/pidfd.ts";
import { isAnyMarked } from "./process/kill_tree.ts";
import { readRecords, readShim } from "./instance_record.ts";
import { SupervisedInstance } from "./supervised_instance.ts";

/** A daemon killed just after it started a shim: the shim says who it is within milliseconds. */
const LATE_SHIM_MS = 5_000;

export interface AdoptOptions {
  runDir: string;
  bootId: string;
  clock: Clock;
}

/** All at once, since a page waits for it. Records of an earlier boot are removed: their processes ended with it. */
export async function adopt({ runDir, bootId, clock }: AdoptOptions): Promise<SupervisedInstance[]> {
  const adopted = (await readRecords(runDir)).map(async (found) => {
    if (found.record.bootId !== bootId) {
      await Deno.remove(found.directory, { recursive: true }).catch(() => {});
      return [];
    }
    await thawCgroup(found.record.cgroup);
    const one = new SupervisedInstance(found, { clock });
    if (!await one.readIdentity(clock.now())) await waitForShim(one, clock);
    await one.learnRespawns(clock.now());
    if (one.service !== null && !await one.isAlive()) await one.dispatch("ended", { now: clock.now() });
    return [one];
  });
  return (await Promise.all(adopted)).flat();
}

/**
 * Waits until the shim has said who it is, or no process is left that could: then the instance never came to life. A
 * shim that says nothing for so long is ended: another instance will be started in its place.
 */
async function waitForShim(instance: SupervisedInstance, clock: Clock): Promise<void> {
  const deadline = clock.monotonic() + LATE_SHIM_MS;
  while (clock.monotonic() < deadline && await mayComeToLife(instance)) {
    if (await instance.readIdentity(clock.now())) return;
    await clock.sleep(10);
  }
  if (!await instance.readIdentity(clock.now())) await instance.killTree();
}

/** By the cgroup, by what the shim wrote down first, and in the moment before that by the marker of the instance. */
async function mayComeToLife({ record: { id, cgroup }, directory }: SupervisedInstance): Promise<boolean> {
  if (cgroup !== null && isPopulated(cgroup)) return true;
  const shim = await readShim(directory);
  return shim === null ? await isAnyMarked(id) : await isAlive(shim);
}
