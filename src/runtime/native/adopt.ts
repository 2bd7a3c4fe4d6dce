/** Finds the instances that an earlier daemon of this boot started, running or ended. */
import type { Clock } from "../../clock.ts";
import { isAnyMarked, thaw } from "./process/tree.ts";
import { readRecords } from "./record.ts";
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
    const one = new Supervised(found);
    if (!await one.learnIdentity(clock.now())) await waitForShim(one, clock);
    await one.learnRespawns(clock.now());
    if (one.service !== null && !await one.isAlive()) await one.happen("ended", { now: clock.now() });
    return [one];
  });
  return (await Promise.all(adopted)).flat();
}

/**
 * Until the shim has spoken, or nothing carries the instance's marker: then it never came to life. One that says nothing
 * for so long is ended: another one will be started in its place.
 */
async function waitForShim(one: Supervised, clock: Clock): Promise<void> {
  const deadline = clock.monotonic() + LATE_SHIM_MS;
  while (clock.monotonic() < deadline && await isAnyMarked(one.record.id)) {
    if (await one.learnIdentity(clock.now())) return;
    await clock.sleep(10);
  }
  if (!await one.learnIdentity(clock.now())) await one.killTree();
}
