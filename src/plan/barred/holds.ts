/** Holds of the device's operator: which count now, how they end, and what they leave alone. */
import { FAR_BACK_MS } from "../../model/time/moment.ts";
import { activeHold, type Hold } from "../../model/pause/hold.ts";
import type { Effective } from "../effective.ts";
import type { PlanInput } from "../plan_input.ts";
import { CLOCK_LOOK_MS } from "./clock_doubt.ts";

/** The hold of a workload that counts now; null for none. */
export function holdOf(name: string, input: PlanInput): Hold | null {
  const hold = input.memory.get(name)?.hold;
  return hold === undefined ? null : activeHold(rebased(hold, input), earliestNow(input));
}

/** When the plan has to look at this hold again; null for never. */
export function holdDueAt({ until }: Hold, input: PlanInput): number | null {
  if (until === null) return null;
  // A clock that is set wakes nobody.
  return isDoubted(input) ? input.now + CLOCK_LOOK_MS : until;
}

/**
 * By name, holds to be written down. One that is over is marked so, since a clock that is wrong at the next boot would
 * bring it back. One that began in the future was set by a clock that was ahead, and lasts as long from now on.
 */
export function holdsToRemember(input: PlanInput): Map<string, Hold> {
  const changed = new Map<string, Hold>();
  for (const [name, { hold }] of input.memory) {
    if (hold === undefined || hold.until === null || hold.ended === true) continue;
    const known = rebased(hold, input);
    if (activeHold(known, earliestNow(input)) === null) changed.set(name, { ...known, ended: true });
    else if (known !== hold) changed.set(name, known);
  }
  return changed;
}

/** Whether `planned`, of `holdsToRemember`, was made of this very hold, and not of one before it. */
export function isSameHold(hold: Hold | undefined, planned: Hold): boolean {
  if (hold === undefined || hold.action !== planned.action) return false;
  return hold.since === planned.since || hold.since > planned.since + FAR_BACK_MS;
}

function rebased(hold: Hold, input: PlanInput): Hold {
  const { since, until } = hold;
  if (until === null || hold.ended === true || isDoubted(input) || since <= input.now + FAR_BACK_MS) return hold;
  return { ...hold, since: input.now, until: input.now + (until - since) };
}

/** A time that it is by now at least: a wrong clock ends no hold, but the time that the daemon has run does. */
function earliestNow(input: PlanInput): number {
  return isDoubted(input) ? input.earliestNow ?? input.now : input.now;
}

function isDoubted({ clockDoubt }: PlanInput): boolean {
  return (clockDoubt ?? null) !== null;
}

/** What git no longer holds, and the operator has held on the device: it stays until that is over. */
export function leftAlone(
  input: PlanInput,
  { asked, present }: { asked: readonly Effective[]; present: readonly string[] },
): Effective[] {
  return present.filter((name) => !asked.some((one) => one.name === name)).flatMap((name) => {
    const held = holdOf(name, input);
    const applied = input.memory.get(name)?.applied ?? null;
    if (held?.action !== "hold" || applied === null) return [];
    const { workload: spec, revision } = applied;
    const rest = { invalid: null, barred: null, chosen: null, judged: null, frozen: "applied" as const };
    return [{ name, kind: spec.kind, spec, revision, held, ...rest }];
  });
}

/** No deadline counts while a hold lasts. */
export function answeringSinceHold(
  hold: Hold | undefined,
  { answeringSince, now }: PlanInput,
): PlanInput["answeringSince"] {
  if (hold === undefined) return answeringSince;
  const since = Math.min(hold.until ?? now, now);
  return new Map([...answeringSince].map(([runtime, at]) => [runtime, Math.max(at, since)]));
}
