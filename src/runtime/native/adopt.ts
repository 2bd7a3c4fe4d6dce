/** Finds the instances that an earlier daemon of this boot started, running or ended. */
import type { Clock } from "../../clock.ts";
import { isPopulated, thaw } from "./process/group.ts";
import { isAlive } from "./process/identity.ts";
import { isAnyMarked } from "./process/tree.ts";
import { readRecords, readShim } from "./record.ts";
import { Supervised } from "./supervised.ts";

/** A daemon killed just after it started a shim: the shim says who it is within milliseconds. */
const LATE_SHIM_MS = 5_000;

export interface AdoptOptions {
  runDir: string;
  bootId: string;
  clock: Clock;
}

/** All at once, since a page waits for it. Records of an earlier boot are removed: their processes ended with it. */
export async function adopt({ runDir, bootId, clock }: AdoptOptions): Promise<Supervised[]> {
  const adopted = (await readRecords(runDir)).map(async (found) => {
    if (found.record.bootId !== bootId) {
      await Deno.remove(found.folder, { recursive: true }).catch(() => {});
      return [];
    }
    await thaw(found.record.cgroup);
    const one = new Supervised(found, clock);
    if (!await one.learnIdentity(clock.now())) await waitForShim(one, clock);
    await one.learnRespawns(clock.now());
    if (one.service !== null && !await one.isAlive()) await one.happen("ended", { now: clock.now() });
    return [one];
  });
  return (await Promise.all(adopted)).flat();
}

/**
 * Waits until the shim has said who it is, or no process is left that could: then the instance never came to life. A
 * shim that says nothing for so long is ended: another instance will be started in its place.
 */
async function waitForShim(one: Supervised, clock: Clock): Promise<void> {
  const deadline = clock.monotonic() + LATE_SHIM_MS;
  while (clock.monotonic() < deadline && await mayComeToLife(one)) {
    if (await one.learnIdentity(clock.now())) return;
    await clock.sleep(10);
  }
  if (!await one.learnIdentity(clock.now())) await one.killTree();
}

/** By the cgroup, by what the shim wrote down first, and in the moment before that by the marker of the instance. */
async function mayComeToLife({ record: { id, cgroup }, folder }: Supervised): Promise<boolean> {
  if (cgroup !== null && isPopulated(cgroup)) return true;
  const shim = await readShim(folder);
  return shim === null ? await isAnyMarked(id) : await isAlive(shim);
}
