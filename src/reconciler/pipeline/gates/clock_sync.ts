/**
 * Plausibility of the device's clock. A board without a battery-backed clock boots with a time in the past, until time
 * synchronization has set it (systemd's time-sync.target). Schedules and windows wait for that; everything else runs.
 */
import { EARLIEST_MS, FAR_BACK_MS, minuteText } from "../../../model/iso_timestamp.ts";

/** Interval between checks of a wrong clock, since setting the clock triggers no event. */
export const CLOCK_CHECK_MS = 10_000;

/** Returns why `now` is implausible; null when it is plausible. `lastKnown` is an earlier time, in ms since 1970. */
export function clockDoubt({ now, lastKnown }: { now: number; lastKnown: number | null }): string | null {
  if (now < EARLIEST_MS) return `the clock of the device says ${minuteText(now)}, which is before HarborNode was built`;
  if (lastKnown === null || now >= lastKnown - FAR_BACK_MS) return null;
  return `the clock of the device says ${minuteText(now)}, and it was ${minuteText(lastKnown)} before`;
}
