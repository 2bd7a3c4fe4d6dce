/** Waits until a new executable has settled, or the one before is back. */
import type { Clock } from "../clock.ts";
import { hashOf } from "./download_release.ts";
import { readRefused, readTrial, type RejectedVersion, type Trial, type UpgradePaths } from "./upgrade_trial.ts";

/** The guard of the unit needs up to three starts of TimeoutStartSec each, and a slow board more than a minute for one. */
const PATIENCE_MS = 10 * 60_000;
const LOOK_EVERY_MS = 500;

/** `settled`: it works. `back`: it did not, and the one before is in place. `open`: neither is so yet. */
export type TrialEnd = { end: "settled" | "open" } | { end: "back"; refused: RejectedVersion };

/** Throws the signal's reason. */
export async function watchTrial(
  places: UpgradePaths,
  { tried, clock, signal, patienceMs = PATIENCE_MS }: {
    tried: Trial;
    clock: Clock;
    signal: AbortSignal;
    patienceMs?: number;
  },
): Promise<TrialEnd> {
  const until = clock.monotonic() + patienceMs;
  while (clock.monotonic() < until) {
    // Before the other: the guard makes the one file of the other.
    const trial = await readTrial(places);
    const refused = await readRefused(places);
    if (refused?.sha256 === tried.sha256) return { end: "back", refused };
    if (trial === null && await hashOf(places.executable) === tried.sha256) return { end: "settled" };
    await clock.sleep(LOOK_EVERY_MS, signal);
  }
  return { end: "open" };
}
