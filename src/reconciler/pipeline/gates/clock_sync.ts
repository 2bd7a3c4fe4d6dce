/**
 * Whether the device's clock can be believed. A board without a battery starts in 1970, or when it was last switched
 * off, until it has asked a time server: what goes by the clock waits for that, and everything else does not.
 */
import { EARLIEST_MS, FAR_BACK_MS, minuteText } from "../../../model/iso_timestamp.ts";

/** How often it is looked at again: a clock that is set wakes nobody. */
export const CLOCK_CHECK_MS = 10_000;

/** What is wrong with it; null for nothing. `lastKnown`: a time that it was, in ms since 1970; null for none. */
export function clockDoubt({ now, lastKnown }: { now: number; lastKnown: number | null }): string | null {
  if (now < EARLIEST_MS) return `the clock of the device says ${minuteText(now)}, which is before HarborNode was built`;
  if (lastKnown === null || now >= lastKnown - FAR_BACK_MS) return null;
  return `the clock of the device says ${minuteText(now)}, and it was ${minuteText(lastKnown)} before`;
}
